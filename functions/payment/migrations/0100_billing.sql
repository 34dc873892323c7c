-- What can be subscribed to. A plan keeps its key for ever; its prices have versions.
create table plans (
    id text primary key,
    -- by language and, under the empty key, for everybody else
    names jsonb not null,
    max_streams integer not null check (max_streams between 1 and 100),
    max_height integer not null check (max_height between 1 and 10000),
    is_offered boolean not null,
    version bigint not null
);

-- Never changed but for `is_offered`: a running subscription keeps the price that it began with.
create table prices (
    id text primary key,
    plan_id text not null references plans (id),
    -- Absent: every territory that has no price of its own.
    territory text,
    -- month, year
    period text not null,
    -- Minor units with the tax in them.
    amount bigint not null check (amount between 1 and 1000000000000),
    currency text not null,
    trial_days integer not null check (trial_days between 0 and 90),
    tax_basis_points integer not null check (tax_basis_points between 0 and 10000),
    -- The legal entity that sells: its invoices are numbered by themselves.
    seller text not null,
    is_offered boolean not null,
    created_at timestamptz not null
);
create unique index prices_offered on prices (plan_id, coalesce(territory, ''), period) where is_offered;

-- The state machine's document; the columns that statements look for beside it. No account: the person was erased.
create table subscriptions (
    id text primary key,
    account_id text,
    status text not null,
    -- When it must be looked at next; absent for one that waits for its payment, or is over.
    due_at timestamptz,
    version bigint not null,
    document jsonb not null,
    created_at timestamptz not null
);
create unique index subscriptions_one_live on subscriptions (account_id) where status <> 'ended';
create index subscriptions_account_id on subscriptions (account_id);
create index subscriptions_due_at on subscriptions (due_at) where due_at is not null;

create table promos (
    code text primary key,
    percent_off smallint not null check (percent_off between 1 and 100),
    -- How many periods it takes something off.
    periods integer not null check (periods between 1 and 120),
    -- How many accounts may use it; absent: any number.
    most_uses integer check (most_uses > 0),
    uses integer not null default 0,
    valid_from timestamptz,
    valid_until timestamptz,
    created_at timestamptz not null,
    constraint promos_uses check (uses <= most_uses)
);

create table promo_uses (
    code text not null references promos (code),
    account_id text not null,
    subscription_id text not null references subscriptions (id),
    used_at timestamptz not null,
    primary key (code, account_id)
);
create index promo_uses_account_id on promo_uses (account_id);

-- Saved at a provider: tokens and what may be shown.
create table methods (
    id text primary key,
    account_id text not null,
    provider text not null,
    token text not null,
    brand text not null,
    last4 text,
    expires_year integer,
    expires_month smallint,
    is_default boolean not null,
    created_at timestamptz not null,
    constraint methods_token_key unique (provider, token)
);
create unique index methods_one_default on methods (account_id) where is_default;
create index methods_account_id on methods (account_id, created_at);

-- Open until it is paid: only then it has its number. A credit note corrects a paid invoice.
create table invoices (
    -- Follows from what is invoiced: a repetition makes no second one.
    id text primary key,
    account_id text,
    -- Of a person who was erased: a digest, so that the documents of one payer can be told to belong together.
    payer_digest text,
    subscription_id text references subscriptions (id),
    -- period, change, credit_note
    kind text not null,
    -- Of the subscription: 1 is the first that is paid for.
    period integer,
    corrects text references invoices (id),
    -- open, paid, void
    status text not null,
    amount bigint not null,
    tax bigint not null,
    tax_basis_points integer not null,
    currency text not null,
    description text not null,
    -- What the subscription has once it is paid.
    terms jsonb,
    covers_from timestamptz,
    covers_to timestamptz,
    seller text not null,
    year integer,
    number bigint,
    issued_at timestamptz,
    created_at timestamptz not null,
    constraint invoices_number_key unique (seller, year, number),
    constraint invoices_numbered check ((status = 'paid') = (number is not null) and (number is null) = (year is null)),
    constraint invoices_sign check (case when kind = 'credit_note' then amount < 0 else amount >= 0 end)
);
create index invoices_account_id on invoices (account_id, id);
create index invoices_subscription_id on invoices (subscription_id);
create unique index invoices_one_period on invoices (subscription_id, period) where kind = 'period' and status <> 'void';

-- The last number of each series. Its row is held by the transaction that takes a number, so there is no gap.
create table invoice_numbers (
    seller text not null,
    year integer not null,
    last bigint not null,
    primary key (seller, year)
);

-- One attempt to collect an invoice. The row is committed before the provider is called, under its id as the key.
create table payments (
    id text primary key,
    account_id text,
    invoice_id text not null references invoices (id),
    -- From 1 for each invoice.
    attempt integer not null,
    -- charge, checkout
    way text not null,
    provider text not null,
    provider_id text,
    method_id text,
    method_token text,
    amount bigint not null check (amount > 0),
    currency text not null,
    -- pending, unknown, succeeded, failed
    status text not null,
    -- The provider's word for a decline, or why the outcome is unknown.
    code text,
    -- Came although its invoice needed it no more: all of it goes back.
    is_surplus boolean not null default false,
    -- Given back or on its way back.
    refunded bigint not null default 0,
    checkout_id text,
    checkout_url text,
    -- Where the page leads back to; a repetition says the same.
    return_url text,
    expires_at timestamptz,
    -- When the provider is asked again by ourselves.
    check_at timestamptz,
    checks integer not null default 0,
    captured_at timestamptz,
    created_at timestamptz not null,
    version bigint not null default 1,
    constraint payments_attempt_key unique (invoice_id, attempt),
    constraint payments_refunded check (refunded between 0 and amount)
);
create unique index payments_one_under_way on payments (invoice_id) where status in ('pending', 'unknown');
create unique index payments_one_success on payments (invoice_id) where status = 'succeeded' and not is_surplus;
create index payments_account_id on payments (account_id, id);
create index payments_check_at on payments (check_at) where check_at is not null;
create index payments_provider_id on payments (provider, provider_id);
create index payments_checkout_id on payments (provider, checkout_id);
create index payments_captured_at on payments (captured_at);

create table refunds (
    id text primary key,
    payment_id text not null references payments (id),
    amount bigint not null check (amount > 0),
    reason text not null,
    -- The account of whoever did it; absent: the service itself.
    actor text,
    provider_id text,
    -- pending, unknown, succeeded, failed
    status text not null,
    code text,
    check_at timestamptz,
    checks integer not null default 0,
    refunded_at timestamptz,
    created_at timestamptz not null
);
create index refunds_payment_id on refunds (payment_id);
create index refunds_check_at on refunds (check_at) where check_at is not null;
create index refunds_refunded_at on refunds (refunded_at);

-- What a provider has told: its own id of the event, and which object to read again. Nothing else of it is believed.
create table webhooks (
    provider text not null,
    event_id text not null,
    kind text not null,
    object_id text not null,
    received_at timestamptz not null,
    applied_at timestamptz,
    primary key (provider, event_id)
);

-- Double entry, in minor units: what we have grows with positive amounts, what we owe or have earned with negative ones.
create table ledger_entries (
    id bigint generated always as identity primary key,
    -- What it was written for: a payment's or refund's id.
    transaction_id text not null,
    account text not null,
    amount bigint not null check (amount <> 0),
    currency text not null,
    booked_at timestamptz not null,
    -- A repetition writes nothing twice.
    constraint ledger_entries_once unique (transaction_id, account, currency)
);
create index ledger_entries_account on ledger_entries (account, booked_at);

create function require_balance() returns trigger language plpgsql as $$
begin
    if exists (
        select from ledger_entries where transaction_id = new.transaction_id group by currency having sum(amount) <> 0
    ) then
        raise exception 'the entries of % do not balance', new.transaction_id using errcode = 'check_violation';
    end if;
    return null;
end
$$;
create constraint trigger ledger_entries_balance after insert on ledger_entries
    deferrable initially deferred for each row execute function require_balance();
-- What was booked stays: it is only ever corrected by a further entry.
revoke update, delete, truncate on ledger_entries from current_user;

-- Accounts that were erased: enough to refuse what is told of them late, and to repeat the receipt.
create table erased_accounts (
    -- SHA-256 of the account's id, hexadecimal; the id is random, so that this leads nowhere
    digest text primary key,
    records bigint not null,
    erased_at timestamptz not null
);
