-- Words that stand for each other: one row or none.
create table synonyms (
    is_only boolean primary key default true check (is_only),
    -- A list of lists of words and phrases.
    groups jsonb not null,
    changed_at timestamptz not null
);
