-- By order, then like `names` by language: hexadecimal digits that compare like the names in that order. Made by the service; rows of an older
-- version are written anew by catalog-refresh-sort-keys and come last until then.
alter table titles add column sort_keys jsonb not null default '{}', add column sort_version smallint not null default 0;
create index titles_sort_version on titles (sort_version);
