-- Hourly roll-up per title. A partition is one hour: a run computes an hour beside the table and replaces its partition in one step.
CREATE TABLE IF NOT EXISTS title_hours (
    hour DateTime('UTC'),
    title_id String,
    -- sessions that began in the hour
    starts UInt64,
    views UInt64,
    -- the state, not the number: viewers of several hours are merged, never added up
    viewers AggregateFunction(uniqExact, String),
    watched_ms UInt64,
    completed UInt64
) ENGINE = MergeTree
PARTITION BY hour
ORDER BY title_id;

-- When the last complete run of a roll-up began.
CREATE TABLE IF NOT EXISTS roll_ups (
    name LowCardinality(String),
    began_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(began_at)
ORDER BY name;
