create table watchlist (
    profile_id text not null references profiles (id),
    title_id text not null,
    added_at timestamptz not null,
    primary key (profile_id, title_id)
);
create index watchlist_added_at on watchlist (profile_id, added_at desc, title_id desc);

create table ratings (
    profile_id text not null references profiles (id),
    title_id text not null,
    value smallint not null check (value between 1 and 10),
    rated_at timestamptz not null,
    primary key (profile_id, title_id)
);
