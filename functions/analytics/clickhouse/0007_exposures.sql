-- Which profile was served by which variant of an experiment, one row per profile, experiment and day. Times are whole milliseconds, as everywhere.
--
-- profile_id is a person's key: erasing a person, or all of a history, deletes rows here.
CREATE TABLE IF NOT EXISTS exposures (
    -- the same for every exposure of a profile to an experiment on a day
    event_id String,
    experiment LowCardinality(String),
    variant LowCardinality(String),
    is_control Bool,
    profile_id String,
    exposed_at DateTime64(3, 'UTC'),
    -- the greater, the earlier: of a day's exposures the first stays, whatever came when and how often
    precedence UInt64
) ENGINE = ReplacingMergeTree(precedence)
ORDER BY (experiment, profile_id, event_id);
