-- How often what the profile has on record of titles changed: the number of its events.
alter table profiles add column record_changes bigint not null default 0;
