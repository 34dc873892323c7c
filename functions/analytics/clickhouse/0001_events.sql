-- What was received, one row per event. Rows are keyed by their event's id: a copy of an event replaces the event.
--
-- Numbers are whole milliseconds, never floats: a sum of integers does not depend on the order of its terms, so a roll-up of shuffled and
-- duplicated events equals the roll-up of the events to the digit.
--
-- profile_id is a person's key: erasing a person deletes their rows here and recomputes the hours they were in.

CREATE TABLE IF NOT EXISTS playback_events (
    event_id String,
    -- started, progressed, stopped, expired
    kind LowCardinality(String),
    session_id String,
    -- the session's version
    sequence UInt64,
    profile_id String,
    title_id String,
    asset_id String,
    device_id String,
    territory LowCardinality(String),
    state LowCardinality(String),
    -- of the session's start: every event of a session is in one hour
    hour DateTime('UTC'),
    started_at DateTime64(3, 'UTC'),
    at DateTime64(3, 'UTC'),
    position_ms UInt64,
    -- played in this session so far
    watched_ms UInt64,
    -- running time of the title
    duration_ms UInt64,
    ingested_at DateTime64(3, 'UTC'),
    INDEX ingested ingested_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, title_id, session_id, event_id);

-- What the player measured; quality metrics only.
CREATE TABLE IF NOT EXISTS player_samples (
    event_id String,
    kind LowCardinality(String),
    session_id String,
    title_id String,
    code LowCardinality(String),
    value Float64,
    position_ms UInt64,
    hour DateTime('UTC'),
    -- clamped to what the server believes
    at DateTime64(3, 'UTC'),
    -- what the client claimed
    client_time String,
    ingested_at DateTime64(3, 'UTC'),
    INDEX ingested ingested_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, title_id, session_id, event_id);

-- The titles there are; the highest sequence is the newest state.
CREATE TABLE IF NOT EXISTS titles (
    title_id String,
    sequence UInt64,
    kind LowCardinality(String),
    name String,
    publication LowCardinality(String),
    genres Array(LowCardinality(String)),
    deleted Bool
) ENGINE = ReplacingMergeTree(sequence)
ORDER BY title_id;

-- One row per playback session. Events carry the session's whole state, so the greatest value is the last one, whatever came when and how often.
CREATE VIEW IF NOT EXISTS sessions AS
SELECT
    hour,
    title_id,
    session_id,
    max(profile_id) AS profile_id,
    max(watched_ms) AS watched_ms,
    max(duration_ms) AS duration_ms
FROM playback_events
GROUP BY hour, title_id, session_id;
