-- What somebody wants to be told, and how. Without a row: the defaults.
create table preferences (
    account_id text primary key,
    -- workflow × channel
    workflows jsonb not null,
    -- IANA
    time_zone text not null,
    -- minutes since midnight; both or none
    quiet_from smallint check (quiet_from between 0 and 1439),
    quiet_until smallint check (quiet_until between 0 and 1439),
    check ((quiet_from is null) = (quiet_until is null))
);

-- Addresses that mail does not reach, or whose owners called it spam.
create table suppressions (
    -- SHA-256 of the address in lower case, hexadecimal
    digest text primary key,
    reason text not null check (reason in ('bounce', 'complaint')),
    created_at timestamptz not null
);
