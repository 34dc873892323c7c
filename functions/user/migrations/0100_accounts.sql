-- The person behind a login: created when auth has verified the address.
create table accounts (
    id text primary key,
    email text not null,
    locale text not null,
    -- What the person tells us later; absent until then.
    name text,
    territory text,
    marketing_consent boolean not null default false,
    default_profile_id text not null,
    created_at timestamptz not null,
    -- of the newest account event applied
    sequence bigint not null
);

-- A deleted profile keeps its row: its id must not come back.
create table profiles (
    id text primary key,
    account_id text not null references accounts (id),
    name text not null,
    avatar text not null,
    locale text not null,
    max_rating smallint not null check (max_rating between 0 and 18),
    is_default boolean not null,
    -- The digest itself is known to auth alone.
    has_pin boolean not null,
    deleted boolean not null default false,
    version bigint not null,
    created_at timestamptz not null
);
create index profiles_account_id on profiles (account_id);
create unique index profiles_one_default on profiles (account_id) where is_default and not deleted;
