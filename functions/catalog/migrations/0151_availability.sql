-- Until when the edges of windows are in the audit: one row.
create table window_edges (
    id boolean primary key default true check (id),
    passed_until timestamptz not null
);
insert into window_edges (passed_until) values (now());

-- What was announced about titles that leave.
create table leaving_announcements (
    title_id text not null,
    -- ZZ: every territory that no window of the title names
    territory text not null,
    ends_at timestamptz not null,
    days smallint not null,
    primary key (title_id, territory, ends_at, days)
);
create index leaving_announcements_end on leaving_announcements (ends_at);

-- Whatever time alone can change.
create index titles_in_windows on titles (id) where publication = 'published' and windows <> '[]'::jsonb;
