-- The newest state of every playback session. No references: a session may be heard of before its account or title.
create table viewings (
    session_id text primary key,
    account_id text not null,
    profile_id text not null,
    title_id text not null,
    sequence bigint not null,
    position_ms bigint not null,
    watched_ms bigint not null,
    duration_ms bigint not null,
    started_at timestamptz not null,
    at timestamptz not null
);
create index viewings_profile_id on viewings (profile_id, title_id);
create index viewings_account_id on viewings (account_id);

-- How far a profile is in a title: derived from all its viewings.
create table progress (
    profile_id text not null,
    title_id text not null,
    account_id text not null,
    -- of the session that was started last
    position_ms bigint not null,
    duration_ms bigint not null,
    -- of all sessions
    watched_ms bigint not null,
    watched_at timestamptz not null,
    primary key (profile_id, title_id)
);
create index progress_watched_at on progress (profile_id, watched_at desc, title_id desc);

-- What was watched until then is forgotten, however late it is told. An empty title means all of them.
create table history_erasures (
    profile_id text not null,
    title_id text not null,
    account_id text not null,
    erased_at timestamptz not null,
    -- counts the erasures of the profile
    sequence bigint not null,
    primary key (profile_id, title_id)
);
