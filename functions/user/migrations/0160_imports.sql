-- Histories of other services that profiles bring along. The file itself lies in the bucket until it is read.
create table imports (
    id text primary key,
    profile_id text not null references profiles (id),
    account_id text not null,
    -- netflix, trakt, letterboxd
    source text not null,
    -- What the person said of the file.
    list text,
    date_order text,
    source_profile text,
    -- Who looked when it began: only what they may see is matched.
    territory text not null,
    max_rating smallint not null,
    -- waiting, ready, refused, confirmed
    status text not null,
    -- why the file was refused
    reason text,
    -- of the file
    lines integer not null default 0,
    duplicates integer not null default 0,
    skipped integer not null default 0,
    -- rows that were written
    history integer not null default 0,
    ratings integer not null default 0,
    watchlist integer not null default 0,
    created_at timestamptz not null
);
create index imports_profile_id on imports (profile_id, created_at desc);
create index imports_account_id on imports (account_id);
create unique index imports_one_running on imports (profile_id) where status in ('waiting', 'ready');

-- What the lines of a file mean.
create table import_lines (
    import_id text not null references imports (id) on delete cascade,
    -- from 1, in the order of the file
    place integer not null,
    line integer not null,
    -- watched, rated, listed; absent where nobody can tell
    what text,
    text text not null,
    -- either a title, or why there is none
    title_id text,
    reason text,
    at timestamptz,
    value smallint check (value between 1 and 10),
    primary key (import_id, place),
    constraint import_lines_found_or_missed check ((title_id is null) <> (reason is null)),
    constraint import_lines_found_says check (title_id is null or (what is not null and at is not null))
);

-- What profiles watched elsewhere. Apart from viewings: it is no playback, and whatever was played here counts before it.
create table imported_viewings (
    profile_id text not null references profiles (id),
    title_id text not null,
    watched_at timestamptz not null,
    import_id text not null references imports (id),
    primary key (profile_id, title_id)
);
create index imported_viewings_import_id on imported_viewings (import_id);

-- The import that wrote a row; absent once the person has touched it.
alter table ratings add column import_id text references imports (id);
create index ratings_import_id on ratings (import_id) where import_id is not null;
alter table watchlist add column import_id text references imports (id);
create index watchlist_import_id on watchlist (import_id) where import_id is not null;
