-- How often the profile hid something from what it can watch on, or showed it again, and when last: number and time of its events grow together.
alter table profiles add column hiding_changes bigint not null default 0;
alter table profiles add column hiding_changed_at timestamptz not null default 'epoch';
