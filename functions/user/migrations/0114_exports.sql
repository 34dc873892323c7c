-- Copies of what is held on a person; the parts themselves lie in the bucket.
create table exports (
    id text primary key,
    account_id text not null references accounts (id),
    requested_at timestamptz not null
);
create index exports_account_id on exports (account_id, requested_at desc);
