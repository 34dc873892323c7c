-- Whether somebody wants news and offers stands with their notifications; nothing ever read it here.
alter table accounts drop column marketing_consent;
