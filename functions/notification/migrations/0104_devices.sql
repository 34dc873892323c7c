-- Browsers that asked for push messages.
create table devices (
    id text primary key,
    account_id text not null,
    -- at its push service; whoever knows it can wake the browser up
    endpoint text not null unique,
    public_key bytea not null,
    secret bytea not null,
    -- when it last asked
    registered_at timestamptz not null
);
create index devices_account_id on devices (account_id, registered_at desc);

-- Which devices a push delivery is done with.
create table pushes (
    message_id text not null references deliveries (message_id) on delete cascade,
    device_id text not null references devices (id) on delete cascade,
    -- false: its push service never will
    is_taken boolean not null,
    primary key (message_id, device_id)
);
create index pushes_device_id on pushes (device_id);
