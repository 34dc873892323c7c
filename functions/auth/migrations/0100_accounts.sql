-- Addresses are ASCII in lower case: see src/email.rs.
create table accounts (
    id text primary key,
    email text not null unique,
    locale text not null,
    -- minted at verification
    default_profile_id text,
    -- sequence of the account's events
    version bigint not null default 0,
    created_at timestamptz not null,
    verified_at timestamptz
);

create table credentials (
    account_id text primary key references accounts (id) on delete cascade,
    -- PHC string of argon2id with the pepper as secret input
    password_hash text not null,
    changed_at timestamptz not null
);

create table roles (
    account_id text not null references accounts (id) on delete cascade,
    role text not null check (role in ('admin', 'editor', 'support')),
    granted_at timestamptz not null,
    primary key (account_id, role)
);

-- The live code of an address. A verified address has a row as well, so that nobody learns from an answer which one is verified.
create table codes (
    email text primary key,
    -- HMAC-SHA256 with the pepper
    digest bytea not null,
    expires_at timestamptz not null,
    tries integer not null default 0,
    used_at timestamptz
);
create index codes_expires_at on codes (expires_at);
