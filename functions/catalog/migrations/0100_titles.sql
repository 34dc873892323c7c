-- A title is one document; the columns that lists filter and sort by are derived from it, most of them by the database itself.
create table titles (
    id text primary key,
    document jsonb not null,
    -- The version of the aggregate: its ETag and the sequence of its events.
    version bigint not null generated always as ((document->>'version')::bigint) stored,
    kind text not null generated always as (document->'about'->>'kind') stored,
    slug text not null generated always as (document->'about'->>'slug') stored constraint titles_slug_key unique,
    publication text not null generated always as (document->>'publication') stored,
    rating smallint generated always as ((document->>'rating')::smallint) stored,
    windows jsonb not null generated always as (document->'about'->'windows') stored,
    year smallint not null generated always as (coalesce((document->'about'->>'year')::smallint, 0)) stored,
    parent_id text generated always as (document->'about'->>'parent_id') stored references titles (id),
    number integer generated always as ((document->'about'->>'number')::integer) stored,
    published_at timestamptz,
    -- The name by language; under '' the one for everybody else.
    names jsonb not null,
    constraint titles_number_key unique (parent_id, number)
);
create index titles_newest on titles (published_at desc, id desc) where publication = 'published';
create index titles_genres on titles using gin ((document->'about'->'genres'));

create table persons (
    id text primary key,
    -- Two spellings of one name that differ only in case, punctuation or spaces are one person.
    key text not null constraint persons_key_key unique,
    name text not null,
    also_known_as text[] not null default '{}'
);

create table genres (
    slug text primary key,
    names jsonb not null
);

-- What the pipeline said about each asset, the newest word of each kind: a title's film follows from these rows in whatever order they come.
create table asset_reports (
    asset_id text not null,
    -- ready, failed
    outcome text not null,
    title_id text not null,
    sequence bigint not null,
    happened_at timestamptz not null,
    finding jsonb not null,
    primary key (asset_id, outcome)
);
create index asset_reports_title on asset_reports (title_id);

create table audit (
    id bigint generated always as identity primary key,
    title_id text not null,
    -- The account, or the function that did it.
    actor text not null,
    action text not null,
    before jsonb,
    after jsonb not null,
    happened_at timestamptz not null
);
create index audit_title on audit (title_id, id);
