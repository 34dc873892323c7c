-- Of a subscription whose payment is late: whether all tries were declined, and nothing can be watched. What was told of those that are late already
-- is that it will be tried again.
alter table subscriptions add column is_suspended boolean not null default false;
-- What begins with the next period, as it was told last; absent where nothing does, or where it was told before it was kept.
alter table subscriptions add column next_plan text;
-- minor units
alter table subscriptions add column next_amount bigint;
-- month, year
alter table subscriptions add column next_period text;
