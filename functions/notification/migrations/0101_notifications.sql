-- Where somebody is reached: what auth says of an account.
create table accounts (
    id text primary key,
    email text not null,
    locale text not null,
    -- of the newest account event applied
    sequence bigint not null
);

-- Languages of profiles: that of the default profile is the account's.
create table profiles (
    id text primary key,
    account_id text not null,
    locale text not null,
    is_default boolean not null,
    sequence bigint not null
);
create index profiles_account on profiles (account_id);

-- How far subscriptions were told of: an older state is no news.
create table subscriptions (
    id text primary key,
    account_id text not null,
    sequence bigint not null
);
create index subscriptions_account on subscriptions (account_id);

-- What an account was told: the inbox, and what keeps a fact from being told twice.
create table notifications (
    id text primary key,
    account_id text not null,
    -- names what happened; of one fact an account hears once
    fact text not null,
    workflow text not null,
    -- one template of cinema.notification.v1.Mail
    template jsonb not null,
    -- false: the person wants none of its kind in the inbox
    is_listed boolean not null,
    state text not null check (state in ('unread', 'read', 'archived')),
    created_at timestamptz not null,
    constraint notifications_fact unique (account_id, fact)
);
create index notifications_inbox on notifications (account_id, id desc) where is_listed;

-- Deliveries to accounts, beside those to addresses that a code must reach.
alter table deliveries add column account_id text;
alter table deliveries add column notification_id text references notifications (id);
alter table deliveries add column channel text not null default 'email' check (channel in ('email', 'push'));
-- while it is held: the end of the person's quiet hours
alter table deliveries add column release_at timestamptz;
alter table deliveries drop constraint deliveries_status_check;
alter table deliveries add constraint deliveries_status_check check
    (status in ('queued', 'held', 'sending', 'sent', 'failed', 'unknown', 'suppressed', 'unwanted'));
-- One delivery for a notification and a channel, whatever is repeated.
create unique index deliveries_once on deliveries (notification_id, channel) where notification_id is not null;
create index deliveries_account on deliveries (account_id);
create index deliveries_held on deliveries (release_at) where status = 'held';

-- Accounts that were erased: what is told of them late brings nothing back.
create table erased_accounts (
    -- SHA-256 of the account's id, hexadecimal; the id is random, so that this leads nowhere
    digest text primary key,
    records bigint not null,
    erased_at timestamptz not null
);
