-- The answer of a request that carried an Idempotency-Key: committed with its effect, kept for 24 hours.
create table idempotency_keys (
    -- principal and route
    scope text not null,
    key text not null,
    -- SHA-256 of the request's body
    fingerprint bytea not null,
    -- absent while the first request is in flight
    status smallint,
    body jsonb,
    created_at timestamptz not null,
    primary key (scope, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);
