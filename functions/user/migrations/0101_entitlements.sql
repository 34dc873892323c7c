-- The newest state of every subscription. No reference to accounts: a subscription may be heard of first.
create table subscriptions (
    id text primary key,
    account_id text not null,
    -- trialing, active, past_due, cancelled, ended
    status text not null,
    plan text not null,
    max_streams integer not null,
    max_height integer not null,
    valid_to timestamptz not null,
    grace_to timestamptz not null,
    sequence bigint not null
);
create index subscriptions_account_id on subscriptions (account_id);

-- What an account may do: derived from all its subscriptions. An empty plan is none.
create table entitlements (
    account_id text primary key,
    plan text not null,
    max_streams integer not null,
    max_height integer not null,
    -- Absent while there was never a plan.
    valid_to timestamptz,
    grace_to timestamptz,
    version bigint not null
);
