-- How fast quality uses up its error budgets, as it was last evaluated.
CREATE TABLE IF NOT EXISTS alerts (
    objective LowCardinality(String),
    is_firing Bool,
    -- since when it is so
    since DateTime64(3, 'UTC'),
    evaluated_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(evaluated_at)
ORDER BY objective;
