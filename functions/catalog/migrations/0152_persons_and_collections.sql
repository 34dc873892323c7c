-- By language: the name and what there is to say about somebody.
alter table persons add column localisations jsonb not null default '{}', add column version bigint not null default 1;
create index titles_people on titles using gin ((document->'people'));

alter table genres add column version bigint not null default 1;

create table collections (
    slug text primary key,
    -- Counts changes from 1: the ETag.
    version bigint not null,
    -- By language: name and description.
    localisations jsonb not null
);

create table collection_titles (
    slug text not null references collections (slug) on delete cascade,
    title_id text not null references titles (id) on delete cascade,
    -- From 1, in the order in which the collection shows them.
    place integer not null,
    primary key (slug, place),
    constraint collection_titles_title_key unique (slug, title_id)
);
create index collection_titles_title on collection_titles (title_id);
