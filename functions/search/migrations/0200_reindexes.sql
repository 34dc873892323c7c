-- Indices that are, or were, built anew.
create table reindexes (
    -- The name of the index.
    name text primary key,
    state text not null check (state in ('building', 'live', 'failed')),
    started_at timestamptz not null,
    ended_at timestamptz,
    -- Titles up to this id are copied.
    position text not null default '',
    copied bigint not null default 0,
    -- Why it failed.
    reason text,
    -- The Idempotency-Key that began it, and its request.
    claim text unique,
    fingerprint text
);
-- Of two that begin at once the second finds the first.
create unique index reindexes_building on reindexes (state) where state = 'building';
