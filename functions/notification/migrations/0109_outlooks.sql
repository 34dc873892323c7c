-- What was told last of a subscription beside its status and plan: the next state is news where it differs.
-- The day on which the period ends; absent where it was told before it was kept.
alter table subscriptions add column until date;
-- The day on which a pause ends; absent without one.
alter table subscriptions add column resumes_on date;
