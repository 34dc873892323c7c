-- What was erased and must not come back with a late event. Nothing here leads to a person: see src/forgotten.rs.
CREATE TABLE IF NOT EXISTS erased (
    -- SHA-256 of the profile's id, hexadecimal
    profile_digest String,
    -- empty: every title
    title_id String,
    -- sessions that began until then
    until DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(until)
ORDER BY (profile_digest, title_id);

-- Hours that rows were taken out of: to be rolled up again, although nothing came in.
CREATE TABLE IF NOT EXISTS stale_hours (
    hour DateTime('UTC'),
    noted_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(noted_at)
ORDER BY hour;
