-- What happened to an account, for the person and for support. A failed sign-in of an address without an account has none: it is written all
-- the same, so that its time tells nobody which addresses are known.
create table security_events (
    id text primary key,
    account_id text references accounts (id) on delete cascade,
    kind text not null,
    at timestamptz not null,
    session_id text,
    -- who did it, when that was somebody else
    actor_id text,
    address text not null,
    territory text not null,
    -- the device's name, the role: whatever the kind has to add
    detail text
);
create index security_events_account_id on security_events (account_id, at desc, id desc);
create index security_events_at on security_events (at);

-- How often something was tried in vain; see src/tries.rs.
create table tries (
    account_id text not null references accounts (id) on delete cascade,
    -- what is guessed
    door text not null,
    tries integer not null,
    locked_until timestamptz,
    primary key (account_id, door)
);

create table totp (
    account_id text primary key references accounts (id) on delete cascade,
    -- nonce, ciphertext and tag of AES-256-GCM; see src/totp.rs
    secret bytea not null,
    enrolled_at timestamptz not null,
    confirmed_at timestamptz,
    -- the last step that was used: neither it nor an earlier one is taken again
    last_step bigint not null default 0
);
create index totp_unconfirmed on totp (enrolled_at) where confirmed_at is null;

create table recovery_codes (
    account_id text not null references accounts (id) on delete cascade,
    -- HMAC-SHA256 with the pepper
    digest bytea not null,
    used_at timestamptz,
    primary key (account_id, digest)
);

-- A sign-in whose first factor was right.
create table mfa_tokens (
    -- SHA-256
    digest bytea primary key,
    account_id text not null references accounts (id) on delete cascade,
    -- how the first factor was proven
    amr text[] not null,
    transport text not null,
    device_name text,
    tries integer not null default 0,
    expires_at timestamptz not null
);
create index mfa_tokens_expires_at on mfa_tokens (expires_at);

create index sessions_rotated_at on sessions (rotated_at);
create index sessions_revoked_at on sessions (revoked_at) where revoked_at is not null;
