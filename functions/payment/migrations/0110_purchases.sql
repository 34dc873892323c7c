-- Titles as the catalogue tells them: what can be sold, and where it may be watched.
create table titles (
    id text primary key,
    sequence bigint not null,
    kind text not null,
    names jsonb not null,
    publication text not null,
    rating smallint,
    windows jsonb not null,
    has_asset boolean not null
);

-- A title that was ever priced. Counts the changes of its prices.
create table priced_titles (
    title_id text primary key,
    version bigint not null
);

-- Never changed but for `is_offered`: a purchase keeps the price that it was made at.
create table title_prices (
    id text primary key,
    title_id text not null references priced_titles (title_id),
    -- Absent: every territory that has no price of its own for the title.
    territory text,
    -- rent, buy
    kind text not null,
    -- Minor units with the tax in them.
    amount bigint not null check (amount between 1 and 1000000000000),
    currency text not null,
    tax_basis_points integer not null check (tax_basis_points between 0 and 10000),
    -- The legal entity that sells: its invoices are numbered by themselves.
    seller text not null,
    is_offered boolean not null,
    created_at timestamptz not null
);
create unique index title_prices_offered on title_prices (title_id, coalesce(territory, ''), kind) where is_offered;

-- Single titles that somebody rents or buys. No account: the person was erased.
create table purchases (
    id text primary key,
    account_id text,
    title_id text not null,
    -- rent, buy
    kind text not null,
    price_id text not null references title_prices (id),
    amount bigint not null check (amount > 0),
    currency text not null,
    -- Where it was sold: what is withdrawn there before it is paid is not sold any more.
    territory text not null,
    -- pending, active, ended, refunded, not_paid
    status text not null,
    paid_at timestamptz,
    -- When the first second of a rental was played.
    begun_at timestamptz,
    -- First moment without it; absent for what was bought, and before it is paid.
    valid_to timestamptz,
    version bigint not null,
    created_at timestamptz not null,
    constraint purchases_paid check (status not in ('active', 'ended') or paid_at is not null),
    constraint purchases_rent_ends check (kind <> 'rent' or paid_at is null or valid_to is not null)
);
create unique index purchases_one_running on purchases (account_id, title_id, kind) where status in ('pending', 'active');
create index purchases_account_id on purchases (account_id, created_at, id);
create index purchases_valid_to on purchases (valid_to) where status = 'active' and valid_to is not null;

-- What an invoice of the kind `purchase` sells.
alter table invoices add column purchase_id text references purchases (id);
create index invoices_purchase_id on invoices (purchase_id) where purchase_id is not null;
