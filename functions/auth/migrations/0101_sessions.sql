-- A refresh-token family. Tokens themselves are never stored: see src/session.rs.
create table sessions (
    id text primary key,
    account_id text not null references accounts (id) on delete cascade,
    family_key bytea not null,
    -- SHA-256 of the live token and of the one before it
    current bytea not null,
    previous bytea,
    rotated_at timestamptz not null,
    revoked_at timestamptz,
    revoke_reason text,
    -- the chosen profile
    profile_id text,
    -- when and how the person last proved who they are
    authenticated_at timestamptz not null,
    amr text[] not null,
    device_name text,
    address text not null,
    territory text not null,
    created_at timestamptz not null
);
create index sessions_account_id on sessions (account_id);

-- A projection of the user service's profiles. Each half has its own sequence: they come by different ways.
create table profiles (
    id text primary key,
    account_id text not null,
    -- -1: only the secret has arrived; 0: made here at verification
    sequence bigint not null default -1,
    locale text not null default 'en',
    max_rating smallint not null default 18,
    is_default boolean not null default false,
    has_pin boolean not null default false,
    deleted boolean not null default false,
    -- -1: has not arrived
    secret_sequence bigint not null default -1,
    -- PHC string; empty: no PIN
    pin_digest text not null default '',
    pin_tries integer not null default 0,
    pin_locked_until timestamptz
);
create index profiles_account_id on profiles (account_id);

-- What can be chosen. The newer half decides whether a PIN is needed.
create view live_profiles as
select
    *,
    case when secret_sequence >= sequence then pin_digest <> '' else has_pin end as needs_pin
from profiles
where sequence >= 0 and not deleted;
