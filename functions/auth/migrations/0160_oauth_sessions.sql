-- Whether the account was made by this link, so that it is older than anything that somebody could have added to it.
alter table oauth_links add column made_account boolean not null default false;
update oauth_links set made_account = true from accounts where accounts.id = oauth_links.account_id and accounts.created_at = oauth_links.linked_at;

-- The provider whose account began the session.
alter table sessions add column provider text;
-- Where there was one link only, it is known afterwards.
update sessions set provider = links.provider
from (select account_id, min(provider) as provider from oauth_links group by account_id having count(*) = 1) links
where links.account_id = sessions.account_id and 'fed' = any(sessions.amr);

-- The provider that a sign-in came through; with a subject, the link that its code will make.
alter table mfa_tokens add column provider text;
alter table mfa_tokens add column link_subject text;
