-- What editors tell many people at once.
create table campaigns (
    id text primary key,
    -- for editors
    name text not null,
    -- by language
    words jsonb not null,
    -- whom it is for
    segment jsonb not null,
    -- Whoever was told so many things of marketing within so many days is left out.
    cap_most smallint not null check (cap_most > 0),
    cap_days smallint not null check (cap_days > 0),
    starts_at timestamptz not null,
    state text not null check (state in ('scheduled', 'running', 'done', 'stopped')),
    -- the last account that was looked at
    position text,
    -- how many accounts were told, and how many the cap left out
    told bigint not null default 0,
    capped bigint not null default 0,
    -- absent: the account is erased
    editor_id text,
    created_at timestamptz not null,
    -- when everybody was told, or when it was stopped
    ended_at timestamptz
);
create index campaigns_starts_at on campaigns (starts_at) where state in ('scheduled', 'running');
create index campaigns_editor_id on campaigns (editor_id);

-- Whom marketing may reach, in the order in which a campaign goes through them.
create index preferences_marketing on preferences (account_id)
    where workflows -> 'marketing' ->> 'email' = 'true' or workflows -> 'marketing' ->> 'push' = 'true';
-- What a campaign came to, and how much of marketing somebody was told lately.
create index notifications_campaign on notifications (fact) where workflow = 'marketing';
create index notifications_marketing on notifications (account_id, created_at) where workflow = 'marketing';

-- The newest state; absent where it was told before campaigns asked for it.
alter table subscriptions add column status text;
alter table subscriptions add column plan text;

alter table deliveries drop constraint deliveries_status_check;
alter table deliveries add constraint deliveries_status_check check
    (status in ('queued', 'held', 'gathered', 'sending', 'sent', 'failed', 'unknown', 'suppressed', 'unwanted', 'stopped'));
