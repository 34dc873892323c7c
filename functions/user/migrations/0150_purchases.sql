-- The newest state of every single title that somebody has paid for. No reference to accounts: a purchase may be heard of first.
create table purchases (
    id text primary key,
    account_id text not null,
    title_id text not null,
    -- rent, buy
    kind text not null,
    -- active, ended
    status text not null,
    -- First moment without it; absent for what was bought.
    valid_to timestamptz,
    sequence bigint not null,
    constraint purchases_rent_ends check (kind <> 'rent' or valid_to is not null)
);
create index purchases_account_id on purchases (account_id);

-- What all purchases of an account come to: one grant for each title.
alter table entitlements add column titles jsonb not null default '[]';
