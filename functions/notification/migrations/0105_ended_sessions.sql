-- Login sessions that auth ended lately: their access tokens live some minutes more, but change nothing. Kept for an hour.
create table ended_sessions (
    session_id text primary key,
    ended_at timestamptz not null
);
