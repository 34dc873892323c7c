-- What the first half of the description is called, by locale and, under the empty key, for everybody else; none in what was invoiced before.
alter table invoices add column goods_names jsonb not null default '{}';

-- The end of a rental that its person was told of in time.
alter table purchases add column announced_to timestamptz;
create index purchases_to_announce on purchases (valid_to)
    where status = 'active' and valid_to is not null and announced_to is distinct from valid_to;
