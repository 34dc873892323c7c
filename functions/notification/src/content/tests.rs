//! Every mail in every language, whole.

use proto::mail::{
    AccountErased, AlreadyRegistered, ConfirmEmail, EmailChangeRequested, EmailChanged, MfaDisabled, MfaEnabled,
    NewSignIn, OauthLinked, PasswordChanged, PasswordReset, ResetUnknownAccount, VerifyEmail,
};

use super::*;

const CODE: &str = "042917";

fn receipt(service: &str, records: u64) -> Receipt {
    Receipt { service: service.to_owned(), records, erased_at: "2026-11-26T10:00:00Z".to_owned() }
}

fn sign_in(device: &str) -> Template {
    let (territory, at) = ("DE".to_owned(), "2026-11-26T10:00:00Z".to_owned());
    NewSignIn { device: device.to_owned(), territory, at }.into()
}

/// One of each. The match makes a new template ask for its place here.
fn templates() -> Vec<Template> {
    let code = || CODE.to_owned();
    let mut all: Vec<Template> = vec![VerifyEmail { code: code() }.into()];
    loop {
        let next = match &all[all.len() - 1] {
            Template::VerifyEmail(_) => AlreadyRegistered {}.into(),
            Template::AlreadyRegistered(_) => PasswordReset { code: code() }.into(),
            Template::PasswordReset(_) => ResetUnknownAccount {}.into(),
            Template::ResetUnknownAccount(_) => PasswordChanged::default().into(),
            Template::PasswordChanged(_) => ConfirmEmail { code: code() }.into(),
            Template::ConfirmEmail(_) => EmailChangeRequested { new_email: "n***@example.org".to_owned() }.into(),
            Template::EmailChangeRequested(_) => EmailChanged {}.into(),
            Template::EmailChanged(_) => MfaEnabled {}.into(),
            Template::MfaEnabled(_) => MfaDisabled {}.into(),
            Template::MfaDisabled(_) => OauthLinked { provider: "local".to_owned() }.into(),
            Template::OauthLinked(_) => sign_in("<TV> & co"),
            Template::NewSignIn(_) => AccountErased { receipts: vec![receipt("auth", 3), receipt("user", 5)] }.into(),
            Template::AccountErased(_) => return all,
        };
        all.push(next);
    }
}

fn content(template: &Template, locale: &str) -> Content {
    Content::of(template, &locale.parse().unwrap()).unwrap()
}

#[test]
fn every_mail_in_both_languages() {
    for template in templates() {
        for locale in ["en-GB", "ru-RU"] {
            let mail = content(&template, locale);
            let whole = format!("Subject: {}\n\n{}\n{}", mail.subject, mail.text(), mail.html());
            insta::assert_snapshot!(format!("{}.{}", template.name(), mail.language), whole);
        }
    }
}

#[test]
fn a_locked_screen_shows_no_code_and_no_other_language() {
    for template in templates() {
        let (english, russian) = (content(&template, "en"), content(&template, "ru"));
        assert_ne!(english.subject, russian.subject);
        assert!(english.text().is_ascii() && !russian.text().is_ascii());
        assert!(!english.subject.contains(CODE) && !russian.subject.contains(CODE));
        assert!(content(&template, "de") == english);
    }
}

#[test]
fn names_of_devices_are_text_and_keep_no_warning_back() {
    let mail = content(&sign_in("<TV> & co"), "en");
    assert!(mail.text().contains("<TV> & co") && mail.html().contains("&lt;TV&gt; &amp; co"));
    for nameless in ["", "\u{0}", "\u{202e}"] {
        assert!(content(&sign_in(nameless), "en").text().contains("Device: unknown\n"), "{nameless:?}");
    }
    assert!(content(&sign_in("a\r\nb"), "en").text().contains("Device: ab\n"));
    let long = content(&sign_in(&"x".repeat(10_000)), "en").text();
    assert!(long.contains(&format!("Device: {}\n", "x".repeat(LONGEST_FACT))));
}

#[test]
fn a_new_password_names_the_links_that_went_with_the_old_one() {
    let mail = |unlinked: &[&str], locale| {
        let unlinked_providers = unlinked.iter().map(|name| (*name).to_owned()).collect();
        content(&PasswordChanged { unlinked_providers }.into(), locale).text()
    };
    assert!(mail(&["google", "local"], "en").contains("no longer open yours. You can link them again"));
    assert!(mail(&["google", "local"], "en").contains("Removed: google, local\n"));
    assert!(mail(&["google"], "ru").contains("Отвязаны: google\n"));
    assert!(!mail(&[], "en").contains("Removed"));
}

#[test]
fn codes_of_both_lengths_are_shown_as_they_are() {
    for code in [CODE, "4kq2m-8v0xd"] {
        let content = Content::of(&PasswordReset { code: code.into() }.into(), &Locale::english()).unwrap();
        assert!(content.text().contains(&format!("    {code}\n")) && content.html().contains(&format!(">{code}</p>")));
    }
}

#[test]
fn variables_that_make_no_mail_are_refused() {
    let error = |template: Template| Content::of(&template, &Locale::english()).err();
    for code in
        ["", "12345", "<b>1</b>", "1234567", "１２３４５６", "4kq2m8v0xd", "4kq2m-8v0x", "4kq2m-8v0x\"", "4kq2m-8v-xd"]
    {
        let code = || code.to_owned();
        assert_eq!(error(VerifyEmail { code: code() }.into()), Some(ContentError::Code));
        assert_eq!(error(PasswordReset { code: code() }.into()), Some(ContentError::Code));
        assert_eq!(error(ConfirmEmail { code: code() }.into()), Some(ContentError::Code));
    }
    for receipts in [vec![], vec![receipt("auth", 1), receipt(" ", 2)]] {
        assert_eq!(error(AccountErased { receipts }.into()), Some(ContentError::Receipts));
    }
}

#[test]
fn the_message_has_both_parts_and_its_own_id() {
    let job = r#"{"message_id":"msg_01jd3k5m7n9pqrstvwxyz01234","to":"viewer@example.com","locale":"en-GB","verify_email":{"code":"042917"}}"#;
    let job = MailJob::read(job).unwrap();
    let mime = content(&job.template, "en-GB").mime(&job, "cinema@example.com", OffsetDateTime::UNIX_EPOCH);
    let text = String::from_utf8(mime).unwrap();
    for expected in [
        "Message-ID: <msg_01jd3k5m7n9pqrstvwxyz01234@example.com>",
        "From: \"Online Cinema\" <cinema@example.com>",
        "To: <viewer@example.com>",
        "Subject: Your code for Online Cinema",
        "Auto-Submitted: auto-generated",
        "Content-Language: en\r\n",
        "Date: Thu, 1 Jan 1970 00:00:00",
        "multipart/alternative",
        "text/plain",
        "text/html",
        CODE,
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert!(!text.contains("List-Unsubscribe"));
}
