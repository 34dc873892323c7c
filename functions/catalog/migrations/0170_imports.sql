-- What an editor asked a provider of metadata for.
create table imports (
    id text primary key,
    provider text not null,
    -- The account, until it is erased.
    actor text not null,
    created_at timestamptz not null
);
create index imports_created on imports (created_at);
create index imports_actor on imports (actor);

-- One title of an import.
create table import_items (
    import_id text not null references imports (id) on delete cascade,
    -- From 0, in the order in which they were asked for.
    place smallint not null,
    kind text not null,
    external_id text not null,
    -- Which title it is to be; which one it became.
    title_id text,
    -- waiting, done, failed
    state text not null,
    -- Why it failed, or why it waits for longer.
    reason text,
    -- Parts of the answer that were not kept.
    left_out jsonb not null default '[]',
    -- Calls without an answer.
    tries smallint not null default 0,
    -- When it is asked again.
    next_try_at timestamptz,
    primary key (import_id, place)
);

-- Nobody asks a provider before this: it has said that it is asked too often.
create table provider_pauses (
    provider text primary key,
    until timestamptz not null
);

-- What others call a title: an import finds by it what it made before.
create index titles_external_ids on titles using gin ((document->'external_ids'));
