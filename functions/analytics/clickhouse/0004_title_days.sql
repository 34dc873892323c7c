-- Daily roll-up per title: see title_hours. A partition is one day.
CREATE TABLE IF NOT EXISTS title_days (
    -- its first moment
    day DateTime('UTC'),
    title_id String,
    starts UInt64,
    views UInt64,
    viewers AggregateFunction(uniqExact, String),
    watched_ms UInt64,
    completed UInt64
) ENGINE = MergeTree
PARTITION BY day
ORDER BY title_id;

-- What somebody watched in a year is looked for by profile, which is no part of the key.
ALTER TABLE playback_events ADD INDEX IF NOT EXISTS profile profile_id TYPE bloom_filter GRANULARITY 4;
