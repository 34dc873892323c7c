-- The language that the person chose later; the one told by auth counts without it.
alter table accounts add column chosen_locale text;

-- Whether the next episode begins by itself.
alter table profiles add column autoplay boolean not null default true;
