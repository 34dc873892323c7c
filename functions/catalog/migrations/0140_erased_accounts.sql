-- Accounts that were erased: what they did stays in the audit, who it was does not.
create table erased_accounts (
    -- SHA-256 of the account's id, hexadecimal; the id is random, so that this leads nowhere
    digest text primary key,
    records bigint not null,
    erased_at timestamptz not null
);
create index audit_actor on audit (actor);
