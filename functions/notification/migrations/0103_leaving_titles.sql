-- Titles as the catalogue tells them, as far as it matters who is told that one leaves.
create table titles (
    id text primary key,
    -- of the newest event applied
    sequence bigint not null,
    kind text not null,
    -- Series of a season, season of an episode.
    parent_id text,
    -- by locale and, under the empty key, for everybody else
    names jsonb not null,
    publication text not null,
    windows jsonb not null,
    has_asset boolean not null
);
create index titles_parent_id on titles (parent_id) where parent_id is not null;

-- Announced ends, until they have come. One end is announced at several stages.
create table leavings (
    title_id text not null,
    ends_at timestamptz not null,
    -- at most so many are left
    days smallint not null,
    -- of the title, when it was announced
    sequence bigint not null,
    announced_at timestamptz not null,
    primary key (title_id, ends_at, days)
);
create index leavings_ends_at on leavings (ends_at);

-- What profiles have on their lists; what was taken off stays as such, so that an older word does not bring it back.
create table watchlist (
    profile_id text not null,
    title_id text not null,
    account_id text not null,
    is_listed boolean not null,
    -- where the viewer was
    territory text not null,
    -- of the newest event applied
    sequence bigint not null,
    changed_at timestamptz not null,
    primary key (profile_id, title_id)
);
create index watchlist_title_id on watchlist (title_id) where is_listed;
create index watchlist_account_id on watchlist (account_id);

-- How far profiles were in titles when they last stopped.
create table viewings (
    profile_id text not null,
    title_id text not null,
    account_id text not null,
    session_id text not null,
    sequence bigint not null,
    position_ms bigint not null,
    duration_ms bigint not null,
    territory text not null,
    at timestamptz not null,
    primary key (profile_id, title_id)
);
create index viewings_title_id on viewings (title_id);
create index viewings_account_id on viewings (account_id);

-- What was watched until then is forgotten, however late it is told. An empty title means all of them.
create table history_erasures (
    profile_id text not null,
    title_id text not null,
    account_id text not null,
    erased_at timestamptz not null,
    primary key (profile_id, title_id)
);
create index history_erasures_account_id on history_erasures (account_id);

-- A deleted profile has neither list nor history, whatever is told of them late.
alter table profiles add column deleted boolean not null default false;
