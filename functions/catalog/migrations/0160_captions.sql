-- What the pipeline said last of the captions of each title, which may come before the title itself.
create table caption_reports (
    title_id text primary key,
    sequence bigint not null,
    tracks jsonb not null
);
