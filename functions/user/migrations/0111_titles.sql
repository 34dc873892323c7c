-- What lists show of a title, and what decides who may see it. A deleted title stays as one that was never public.
create table titles (
    id text primary key,
    -- of the newest event applied
    sequence bigint not null,
    kind text not null,
    slug text not null,
    -- by language and, under the empty key, for everybody else
    names jsonb not null,
    year smallint,
    -- below /media/
    poster text,
    duration_seconds double precision,
    -- Series of a season, season of an episode.
    parent_id text,
    number integer not null,
    publication text not null,
    rating smallint,
    windows jsonb not null,
    has_asset boolean not null
);
create index titles_parent_id on titles (parent_id, number) where parent_id is not null;
