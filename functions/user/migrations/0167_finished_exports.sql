-- Since when a copy can be fetched; absent while a part is missing.
alter table exports add column ready_at timestamptz;
create index exports_not_ready on exports (requested_at, id) where ready_at is null;
