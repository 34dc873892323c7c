-- What editors wrote for templates of mails. A version is never changed and never removed.
create table wordings (
    -- one template of cinema.notification.v1.Mail
    template text not null,
    -- counts the changes of the template, in whatever language
    version bigint not null check (version > 0),
    language text not null check (language in ('en', 'ru')),
    -- both or none: without them the words that came with the program count again
    subject text,
    body text,
    -- absent: the account is erased
    editor_id text,
    created_at timestamptz not null,
    primary key (template, version),
    check ((subject is null) = (body is null))
);
create index wordings_language on wordings (template, language, version desc);
create index wordings_editor_id on wordings (editor_id);
