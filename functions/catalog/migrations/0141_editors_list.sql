-- When a title was made: editors list the newest first, and the ids of drafts that dropped files made do not say when.
alter table titles add column created_at timestamptz not null default now();
update titles set created_at = made.at
from (select title_id, min(happened_at) as at from audit group by title_id) made where made.title_id = titles.id;
alter table titles alter column created_at drop default;
create index titles_created on titles (created_at desc, id desc);

-- What the person called the file.
alter table asset_reports add column filename text;

-- Titles that are gone: what the pipeline still tells of their films brings none of them back.
create table deleted_titles (
    id text primary key,
    deleted_at timestamptz not null
);
