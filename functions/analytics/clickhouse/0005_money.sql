-- What services tell of money, every version of it: what was true at a moment can be asked at any later one. Nothing here names a person.
CREATE TABLE IF NOT EXISTS subscription_states (
    subscription_id String,
    -- the subscription's version: a copy of an event replaces the event
    sequence UInt64,
    -- trialing, active, past_due, cancelled, ended
    status LowCardinality(String),
    plan LowCardinality(String),
    -- minor units of a period, with the tax in them; 0 during a trial
    amount Int64,
    tax Int64,
    currency LowCardinality(String),
    -- month, year
    period LowCardinality(String),
    -- until when it brings something
    grace_to DateTime64(3, 'UTC'),
    at DateTime64(3, 'UTC'),
    ingested_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(ingested_at)
ORDER BY (subscription_id, sequence);

CREATE TABLE IF NOT EXISTS payment_states (
    payment_id String,
    sequence UInt64,
    -- succeeded, failed
    status LowCardinality(String),
    -- minor units
    amount Int64,
    tax Int64,
    -- given back so far
    refunded Int64,
    refunded_tax Int64,
    currency LowCardinality(String),
    at DateTime64(3, 'UTC'),
    ingested_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(ingested_at)
ORDER BY (payment_id, sequence);

-- Who is paid for what is watched of a title, by the title's version: a month keeps the holder that it ended with.
CREATE TABLE IF NOT EXISTS title_holders (
    title_id String,
    sequence UInt64,
    -- empty: nobody
    rights_holder String,
    at DateTime64(3, 'UTC'),
    ingested_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(ingested_at)
ORDER BY (title_id, sequence);

-- What erased sessions had brought to a month's royalties: their time stays, without the person or the session.
CREATE TABLE IF NOT EXISTS erased_watch_time (
    month DateTime('UTC'),
    title_id String,
    -- SHA-256 of the session's id, hexadecimal: a repetition of the erasure adds nothing
    session_digest String,
    watched_ms UInt64
) ENGINE = ReplacingMergeTree(watched_ms)
ORDER BY (month, title_id, session_digest);
