-- What editors upload as pictures of titles. A title's pictures follow from these rows in whatever order the reports come.
create table artwork_uploads (
    id text primary key,
    -- The order in which they were begun: the latest of a kind that became a picture is the title's.
    number bigint not null generated always as identity,
    title_id text not null references titles (id) on delete cascade,
    -- poster, backdrop, logo
    kind text not null,
    -- Until when its file can be sent.
    expires_at timestamptz not null,
    -- Orders what was reported of the files that were sent to one address.
    rank text,
    finding jsonb
);
create index artwork_uploads_title on artwork_uploads (title_id);

-- Uploads whose pictures nobody is told of any longer, and when they are removed.
create table artwork_leavings (
    id text primary key,
    due_at timestamptz not null
);
create index artwork_leavings_due on artwork_leavings (due_at);
