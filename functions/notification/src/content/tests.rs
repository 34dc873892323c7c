//! Every mail in every language, whole.

use mail_parser::MessageParser;
use proptest::prelude::*;
use proto::mail::{
    AccountErased, AlreadyRegistered, ConfirmEmail, DataExportRequested, EmailChangeRequested, EmailChanged,
    MfaDisabled, MfaEnabled, NewSignIn, OauthLinked, PasswordChanged, PasswordReset, PaymentFailed, PlanChanged,
    ResetUnknownAccount, SessionRevoked, SubscriptionActive, SubscriptionCancelled, SubscriptionEnded,
    SubscriptionPaused, SubscriptionResumed, TitleLeavingSoon, TitlesDigest, TrialStarted, VerifyEmail, Welcome,
};
use time::macros::datetime;

use super::*;

const CODE: &str = "042917";

fn receipt(service: &str, records: u64) -> Receipt {
    Receipt { service: service.to_owned(), records, erased_at: "2026-11-26T10:00:00Z".to_owned() }
}

fn sign_in(device: &str) -> Template {
    let (territory, at) = ("DE".to_owned(), "2026-11-26T10:00:00Z".to_owned());
    NewSignIn { device: device.to_owned(), territory, at }.into()
}

fn leaving(name: &str) -> Template {
    let names = [("en", name), ("ru", "Сталкер"), ("", "Сталкер")];
    let names = names.map(|(locale, name)| (locale.to_owned(), name.to_owned())).into_iter().collect();
    TitleLeavingSoon { names, until: "2026-12-24".to_owned(), title_id: name.to_owned() }.into()
}

fn digest(names: &[&str]) -> Template {
    let leaving = names.iter().filter_map(|name| match leaving(name) {
        Template::TitleLeavingSoon(leaving) => Some(leaving),
        _ => None,
    });
    TitlesDigest { leaving: leaving.collect() }.into()
}

fn sample(name: &str) -> Template {
    crate::wording::sample(name).unwrap()
}

/// One of each. The match makes a new template ask for its place here.
fn templates() -> Vec<Template> {
    let code = || CODE.to_owned();
    let (at, plan, until) =
        (|| "2026-11-26T10:00:00Z".to_owned(), || "standard".to_owned(), || "2026-12-24".to_owned());
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
            Template::AccountErased(_) => Welcome {}.into(),
            Template::Welcome(_) => SessionRevoked { at: at() }.into(),
            Template::SessionRevoked(_) => DataExportRequested { at: at() }.into(),
            Template::DataExportRequested(_) => TrialStarted { plan: plan(), until: until() }.into(),
            Template::TrialStarted(_) => SubscriptionActive { plan: plan(), until: until() }.into(),
            Template::SubscriptionActive(_) => PaymentFailed { plan: plan(), until: until() }.into(),
            Template::PaymentFailed(_) => SubscriptionCancelled { plan: plan(), until: until() }.into(),
            Template::SubscriptionCancelled(_) => SubscriptionEnded { plan: plan() }.into(),
            Template::SubscriptionEnded(_) => leaving("Stalker"),
            Template::TitleLeavingSoon(_) => digest(&["Stalker", ""]),
            Template::TitlesDigest(_) => SubscriptionResumed { plan: plan(), until: until() }.into(),
            Template::SubscriptionResumed(_) => {
                SubscriptionPaused { plan: plan(), until: until(), resumes_on: "2027-01-24".to_owned() }.into()
            }
            Template::SubscriptionPaused(_) => PlanChanged { plan: plan(), until: until() }.into(),
            Template::PlanChanged(_) => sample("payment_received"),
            Template::PaymentReceived(_) => sample("payment_refunded"),
            Template::PaymentRefunded(_) => sample("payment_declined"),
            Template::PaymentDeclined(_) => sample("title_purchased"),
            Template::TitlePurchased(_) => sample("purchase_returned"),
            // An announcement has the words of its writer, and a test of its own.
            Template::PurchaseReturned(_) | Template::Announcement(_) => return all,
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
fn times_are_shown_alike_whoever_wrote_them() {
    let told = |at: &str| {
        let sign_in = NewSignIn { device: String::new(), territory: String::new(), at: at.to_owned() };
        content(&sign_in.into(), "en").text()
    };
    for at in ["2026-11-26T10:00:00Z", "2026-11-26T10:00:00.123456789Z", "2026-11-26T13:00:59+03:00"] {
        assert!(told(at).contains("Time: 2026-11-26 10:00 UTC\n"), "{at}");
    }
    assert!(told("soon").contains("Time: soon\n") && told("").contains("Time: unknown\n"));
}

#[test]
fn a_title_is_called_as_its_reader_calls_it() {
    let subject = |template: &Template, locale| content(template, locale).subject;
    assert_eq!(subject(&leaving("Stalker"), "ru-RU"), "Скоро уйдёт из Online Cinema: Сталкер");
    assert_eq!(subject(&leaving("Stalker"), "de"), "Leaving Online Cinema soon: Stalker");
    for nameless in ["", "\u{0}", "=?utf-8?q?x?="] {
        assert_eq!(subject(&leaving(nameless), "en"), "Leaving Online Cinema soon", "{nameless:?}");
    }
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
    let endless = TitlesDigest { leaving: vec![TitleLeavingSoon::default()] };
    for leaving in [digest(&[]), endless.into()] {
        assert_eq!(error(leaving), Some(ContentError::Titles));
    }
    for receipts in [vec![], vec![receipt("auth", 1), receipt(" ", 2)]] {
        assert_eq!(error(AccountErased { receipts }.into()), Some(ContentError::Receipts));
    }
}

fn mime(content: &Content, unsubscribe: Option<&str>) -> Vec<u8> {
    let message_id = "msg_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap();
    // As the local platform names the sender.
    let (to, from) = ("viewer@example.com", "Cinema <cinema@example.com>");
    content.mime(&Envelope { message_id, to, from, now: OffsetDateTime::UNIX_EPOCH, unsubscribe })
}

fn announced(subject: &str, paragraphs: &[&str]) -> Template {
    let paragraphs = paragraphs.iter().map(|text| (*text).to_owned()).collect();
    Announcement { subject: subject.to_owned(), paragraphs }.into()
}

#[test]
fn marketing_says_how_to_end_it_and_keeps_its_writers_words() {
    let url = "https://cinema.example/v1/unsubscribe/acc_01jd3k5m7n9pqrstvwxyz01234.c2ln";
    let template = announced("Новое кино: «Ёлки» & <друзья>", &["Первая строка,\nвторая.", "Tom & Jerry <3"]);
    let announcement = content(&template, "ru").with_way_out(url);
    insta::assert_snapshot!("announcement.ru", format!("{}\n{}", announcement.text(), announcement.html()));
    let message = mime(&announcement, Some(url));
    let parsed = MessageParser::default().parse(&message).unwrap();
    assert_eq!(parsed.subject(), Some("Новое кино: «Ёлки» & <друзья>"));
    let text = parsed.body_text(0).unwrap();
    assert!(text.contains("вторая.") && text.contains(url), "{text}");
    let raw = String::from_utf8(message.clone()).unwrap();
    let (head, _) = raw.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", "").replace("\r\n\t", "");
    assert!(unfolded.contains(&format!("List-Unsubscribe: <{url}>")), "{head}");
    assert!(head.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{head}");
    assert!(head.is_ascii(), "{head}");
}

#[test]
fn words_that_would_not_be_shown_as_they_are_written_are_refused() {
    let error = |template: Template| Content::of(&template, &Locale::english()).err();
    let megabytes = "x".repeat(2_000_000);
    for subject in ["", " ", "\u{200b}", "a\nb", "a\r\nBcc: b@example.com", "a\u{202e}b", &"x".repeat(201), &megabytes]
    {
        assert_eq!(error(announced(subject, &["text"])), Some(ContentError::Subject));
    }
    for paragraphs in [vec![], vec![""], vec!["a\u{0}b"], vec!["a"; 21], vec![&*megabytes], vec!["a"; 100_000]] {
        assert_eq!(error(announced("subject", &paragraphs)), Some(ContentError::Paragraphs));
    }
    assert_eq!(error(announced(&"ё".repeat(200), &[&*"ж".repeat(2_000); 20])), None);
}

proptest! {
    /// Whatever somebody calls a device, a plan or an announcement: no header comes of it.
    #[test]
    fn no_variable_becomes_a_header(text in any::<String>(), evil in proptest::sample::select(vec!["\r\nBcc: x@example.com", "\n\n<b>", "\r", "=?utf-8?q?=0ABcc:_x?="])) {
        let text = format!("{text}{evil}");
        let until = text.clone();
        for template in [sign_in(&text), PaymentFailed { plan: text.clone(), until }.into(), announced(&text, &["text"]), leaving(&text)] {
            let Ok(content) = Content::of(&template, &Locale::english()) else { continue };
            let message = mime(&content, None);
            let parsed = MessageParser::default().parse(&message).unwrap();
            prop_assert!(parsed.header("Bcc").is_none() && parsed.headers().len() == 9, "{}", String::from_utf8_lossy(&message));
            prop_assert_eq!(parsed.to().and_then(|to| to.first()).and_then(|to| to.address()), Some("viewer@example.com"));
            prop_assert_eq!(parsed.date().map(|date| date.to_timestamp()), Some(datetime!(1970-01-01 0:00 UTC).unix_timestamp()));
        }
    }
}

#[test]
fn the_message_has_both_parts_and_its_own_id() {
    let text = String::from_utf8(mime(&content(&VerifyEmail { code: CODE.into() }.into(), "en-GB"), None)).unwrap();
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
