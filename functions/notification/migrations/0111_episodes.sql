-- When a title became, or becomes, public; absent where it was told before it was kept: it is no news.
alter table titles add column published_at timestamptz;
-- Lowest age it is meant for; absent while it has none, or where it was told before it was kept.
alter table titles add column rating smallint;
