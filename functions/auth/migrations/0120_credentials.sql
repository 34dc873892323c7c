-- Whether the list of leaked passwords has not answered yet for this one: it is asked again at the next sign-in. Those from before it was asked
-- at all are caught up in the same way. An account that signs in with somebody else's account has no row here.
alter table credentials add column leak_unchecked boolean not null default true;

-- The live code for a new password, per address. An address without an account has a row as well, with a digest that no code has.
create table reset_codes (
    email text primary key,
    -- HMAC-SHA256 with the pepper
    digest bytea not null,
    expires_at timestamptz not null,
    tries integer not null default 0,
    used_at timestamptz
);
create index reset_codes_expires_at on reset_codes (expires_at);

-- The address that an account wants to have, and the live code that was sent there. One that is taken has a digest that no code has.
create table email_changes (
    account_id text primary key references accounts (id) on delete cascade,
    email text not null,
    digest bytea not null,
    expires_at timestamptz not null,
    tries integer not null default 0,
    used_at timestamptz
);
create index email_changes_expires_at on email_changes (expires_at);

-- Accounts of other providers that can sign in.
create table oauth_links (
    provider text not null,
    -- the provider's id of the person
    subject text not null,
    account_id text not null references accounts (id) on delete cascade,
    linked_at timestamptz not null,
    primary key (provider, subject),
    unique (account_id, provider)
);
