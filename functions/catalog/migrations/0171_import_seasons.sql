-- Of a season of a series that was asked for, whose external_id it has. Null for what was asked for itself.
alter table import_items add column number integer;
