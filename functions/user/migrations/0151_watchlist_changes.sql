-- How often the watchlist was changed: the sequence of its events.
alter table profiles add column watchlist_changes bigint not null default 0;
