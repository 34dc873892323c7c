-- What was searched for, without anybody's name: kept for 30 days.
create table queries (
    query_id text primary key,
    at timestamptz not null,
    -- Folded words.
    words text not null,
    total bigint not null
);
create index queries_at on queries (at);
-- Which results were opened.
create table clicks (
    query_id text not null references queries on delete cascade,
    title_id text not null,
    -- Of the result, from 1.
    position integer not null check (position > 0),
    primary key (query_id, title_id)
);
-- How well each day's searches were answered.
create table relevance (
    day date primary key,
    searches bigint not null,
    clicked bigint not null,
    reciprocal_ranks double precision not null,
    without_results bigint not null,
    -- The words that most often found nothing, with how often.
    missed jsonb not null
);
