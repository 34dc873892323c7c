-- Accounts that were erased: enough to refuse what is told of them late, and to repeat the receipt.
create table erased_accounts (
    -- SHA-256 of the account's id, hexadecimal; the id is random, so that this leads nowhere
    digest text primary key,
    records bigint not null,
    erased_at timestamptz not null,
    -- copies that were made for the person: a service may still have been writing its part
    export_ids text[] not null
);
