-- What became of each mail. Neither its address nor its variables are kept: they carry codes.
create table deliveries (
    message_id text primary key,
    template text not null,
    status text not null check (status in ('sending', 'sent', 'failed')),
    attempts integer not null,
    -- Whoever is sending owns the mail until then; absent: nobody is.
    leased_until timestamptz,
    -- the provider's id
    provider_id text,
    -- why it failed for good
    failure text,
    created_at timestamptz not null,
    finished_at timestamptz
);
