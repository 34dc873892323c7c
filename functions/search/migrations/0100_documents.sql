-- What the search engine has, for the time when it does not answer.
create table documents (
    title_id text primary key,
    -- The title's version: of two events the higher one stays.
    sequence bigint not null,
    document jsonb not null,
    -- Folded words of names and people, each after a space.
    terms text not null,
    kind text not null generated always as (document->>'kind') stored,
    year smallint generated always as ((document->>'year')::smallint) stored,
    publication text not null generated always as (document->'rules'->>'publication') stored,
    rating smallint generated always as ((document->'rules'->>'rating')::smallint) stored,
    windows jsonb not null generated always as (document->'rules'->'windows') stored
);
create index documents_terms on documents using gin (terms gin_trgm_ops);
