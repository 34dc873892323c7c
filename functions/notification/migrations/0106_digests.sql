-- When mails about titles come together, in minutes since midnight where the person is; absent: each by itself.
alter table preferences add column digest_at smallint check (digest_at between 0 and 1439);

-- Held for the mail that gathers them; `gathered` once it has.
alter table deliveries add column is_for_digest boolean not null default false;
alter table deliveries drop constraint deliveries_status_check;
alter table deliveries add constraint deliveries_status_check check
    (status in ('queued', 'held', 'gathered', 'sending', 'sent', 'failed', 'unknown', 'suppressed', 'unwanted'));
create index deliveries_digests on deliveries (account_id, release_at) where status = 'held' and is_for_digest;
