-- When the picture last moved, as far as was told: a session that only stands still, or ends, plays nothing.
alter table viewings add column played_at timestamptz not null default 'epoch';
update viewings set played_at = at;
alter table progress add column played_at timestamptz not null default 'epoch';
update progress set played_at = watched_at;

-- What a profile does not want to be offered to watch on, until it, or another episode of its series, is played after that.
create table continue_watching_hidden (
    profile_id text not null references profiles (id),
    title_id text not null,
    hidden_at timestamptz not null,
    primary key (profile_id, title_id)
);
