-- What a state change has to tell others: committed with it, published after it, then deleted.
create table outbox (
    id bigint generated always as identity primary key,
    -- 'kinesis:<stream>' or 'sqs:<queue>'
    destination text not null,
    partition_key text not null,
    body jsonb not null,
    created_at timestamptz not null default now()
);
