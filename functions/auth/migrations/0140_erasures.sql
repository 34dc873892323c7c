-- Requests to forget a person. While services still have to answer, a row knows whom it is about; once all have, only that there was somebody.
create table erasures (
    id text primary key,
    -- SHA-256 of the account's id: tells a late event of somebody who is gone
    account_digest text not null unique,
    -- the three are gone when it is done
    account_id text unique,
    email text,
    profile_ids text[] not null default '{}',
    locale text not null,
    requested_at timestamptz not null,
    -- when the services were last asked, and how often
    asked_at timestamptz not null,
    asked bigint not null default 1,
    done_at timestamptz,
    constraint erasures_done_knows_nobody check (done_at is null or (account_id is null and email is null and profile_ids = '{}'))
);
create index erasures_open on erasures (asked_at) where done_at is null;

create table erasure_receipts (
    erasure_id text not null references erasures (id),
    service text not null,
    records bigint not null,
    erased_at timestamptz not null,
    primary key (erasure_id, service)
);

-- A sign-in that was let through before the door was shut must not come in after it. The lock waits for an erasure that is about to begin; the
-- question after it is one of its own, so that it sees what that one has committed.
create function refuse_sessions_of_the_erased() returns trigger language plpgsql as $$
begin
    perform 1 from accounts where id = new.account_id for key share;
    if exists (select from erasures where account_id = new.account_id) then
        return null;
    end if;
    return new;
end $$;
create trigger sessions_of_the_erased before insert on sessions for each row execute function refuse_sessions_of_the_erased();
