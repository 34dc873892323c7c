//! Every mail in every language, whole.

use mail_parser::MessageParser;
use proptest::prelude::*;
use proto::mail::{
    AccountErased, AlreadyRegistered, ConfirmEmail, DataExportRequested, EmailChangeRequested, EmailChanged,
    MfaDisabled, MfaEnabled, NewEpisodes, NewSignIn, OauthLinked, PasswordChanged, PasswordReset, PaymentFailed,
    PaymentReceived, ResetUnknownAccount, SessionRevoked, TitleLeavingSoon, TitlesDigest, TrialEnding, VerifyEmail,
    Welcome,
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

fn names(all: &[(&str, &str)]) -> HashMap<String, String> {
    all.iter().map(|(locale, name)| ((*locale).to_owned(), (*name).to_owned())).collect()
}

/// A plan whose payment failed, called so in every language.
fn failed(plan: &str, plan_names: HashMap<String, String>) -> Template {
    PaymentFailed { plan: plan.to_owned(), until: "2026-12-24".to_owned(), plan_names, needs_method: false }.into()
}

fn paid(description: &str, goods_names: HashMap<String, String>) -> Template {
    let (amount, description) = ("9.99 EUR".to_owned(), description.to_owned());
    PaymentReceived { amount, description, invoice_number: String::new(), goods_names }.into()
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
    let at = || "2026-11-26T10:00:00Z".to_owned();
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
            Template::DataExportRequested(_) => sample("trial_started"),
            Template::TrialStarted(_) => sample("subscription_active"),
            Template::SubscriptionActive(_) => sample("payment_failed"),
            Template::PaymentFailed(_) => sample("subscription_cancelled"),
            Template::SubscriptionCancelled(_) => sample("subscription_ended"),
            Template::SubscriptionEnded(_) => leaving("Stalker"),
            Template::TitleLeavingSoon(_) => digest(&["Stalker", ""]),
            Template::TitlesDigest(_) => sample("new_episodes"),
            Template::NewEpisodes(_) => sample("subscription_resumed"),
            Template::SubscriptionResumed(_) => sample("subscription_paused"),
            Template::SubscriptionPaused(_) => sample("plan_changed"),
            Template::PlanChanged(_) => sample("payment_received"),
            Template::PaymentReceived(_) => sample("payment_refunded"),
            Template::PaymentRefunded(_) => sample("payment_declined"),
            Template::PaymentDeclined(_) => sample("title_purchased"),
            Template::TitlePurchased(_) => sample("purchase_returned"),
            Template::PurchaseReturned(_) => sample("trial_ending"),
            Template::TrialEnding(_) => sample("subscription_suspended"),
            Template::SubscriptionSuspended(_) => sample("plan_change_scheduled"),
            Template::PlanChangeScheduled(_) => sample("plan_change_withdrawn"),
            Template::PlanChangeWithdrawn(_) => sample("rental_ending"),
            Template::RentalEnding(_) => sample("data_export_ready"),
            // An announcement has the words of its writer, and a test of its own.
            Template::DataExportReady(_) | Template::Announcement(_) => return all,
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
fn a_plan_is_called_as_its_reader_calls_it_and_by_its_key_where_nobody_has_said() {
    let plan = |all: &[(&str, &str)], locale| {
        let text = content(&failed("standard", names(all)), locale).text();
        let line = text.lines().find_map(|line| line.strip_prefix("Plan: ").or(line.strip_prefix("Тариф: ")));
        line.unwrap().to_owned()
    };
    let all = [("en", "Standard"), ("ru", "Стандарт"), ("", "Стандарт")];
    assert_eq!(
        (plan(&all, "en-GB"), plan(&all, "ru-RU"), plan(&all, "de")),
        ("Standard".into(), "Стандарт".into(), "Standard".into())
    );
    let long = "x".repeat(10_000);
    for (all, expected) in [
        (&[][..], "standard"),
        (&[("", "Стандарт")], "Стандарт"),
        // No language that anybody reads, or none at all.
        (&[("fi", "Perus")], "Perus"),
        (&[("no language", "?"), ("", "Стандарт")], "Стандарт"),
        (&[("no language", "?")], "standard"),
        (&[("en", ""), ("", "")], "standard"),
        (&[("en", " \u{200b}")], "standard"),
        (&[("en", "=?utf-8?q?Free?=")], "standard"),
        (&[("en", "Stan\r\nBcc: b@example.com\u{0}\u{202e}dard")], "StanBcc: b@example.comdard"),
        (&[("en", "<b>Tom & Jerry</b>")], "<b>Tom & Jerry</b>"),
        (&[("en", &*long)], &long[..LONGEST_FACT]),
    ] {
        assert_eq!(plan(all, "en"), expected, "{all:?}");
    }
    let markup = content(&failed("standard", names(&[("en", "<b>Tom & Jerry</b>")])), "en").html();
    assert!(markup.contains("&lt;b&gt;Tom &amp; Jerry&lt;/b&gt;") && !markup.contains("<b>Tom"), "{markup}");
    assert!(content(&failed("", HashMap::new()), "en").text().contains("Plan: unknown\n"));
}

#[test]
fn what_was_sold_is_called_as_its_reader_calls_it() {
    let sold = |description: &str, all: &[(&str, &str)], locale| {
        let text = content(&paid(description, names(all)), locale).text();
        let line = text.lines().find_map(|line| line.strip_prefix("For: ").or(line.strip_prefix("За что: ")));
        line.map(str::to_owned)
    };
    let all = [("en", "Standard, new"), ("ru", "Стандарт"), ("", "Стандарт")];
    for (description, all, english, russian) in [
        ("standard, month", &all[..], "Standard, new, month", "Стандарт, месяц"),
        ("standard, year", &[("ru", "Стандарт")], "Стандарт, year", "Стандарт, год"),
        ("standard, month", &[], "standard, month", "standard, месяц"),
        ("Tom, Jerry, rent", &[("en", "Tom, Jerry")], "Tom, Jerry, rental", "Tom, Jerry, прокат"),
        ("standard, month", &[("en", "=?utf-8?q?Free?="), ("no language", "?")], "standard, month", "standard, месяц"),
        ("standard, month", &[("en", "St\r\nan\u{202e}")], "Stan, month", "Stan, месяц"),
        ("standard", &[("en", "Standard")], "standard", "standard"),
    ] {
        let shown = (sold(description, all, "en").unwrap(), sold(description, all, "ru").unwrap());
        assert_eq!(shown, (english.to_owned(), russian.to_owned()), "{description}");
    }
    assert_eq!(sold("", &all, "en"), None);
    let long = sold("standard, month", &[("en", &*"x".repeat(10_000))], "en").unwrap();
    assert_eq!(long.len(), LONGEST_FACT);
}

#[test]
fn a_price_says_how_often_where_that_is_known() {
    let price = |period: &str, locale| {
        let (plan, ends_on) = ("standard".to_owned(), "2026-12-24".to_owned());
        let (amount, period) = ("299.00 RUB".to_owned(), period.to_owned());
        let then = String::new();
        let trial =
            TrialEnding { plan, ends_on, amount, period, plan_names: HashMap::new(), then, needs_method: false };
        content(&trial.into(), locale).text()
    };
    for (period, english, russian) in
        [("month", " a month", " в месяц"), ("year", " a year", " в год"), ("", "", ""), ("week", "", "")]
    {
        assert!(price(period, "en").contains(&format!("Price: 299.00 RUB{english}\n")), "{period}");
        assert!(price(period, "ru").contains(&format!("Цена: 299.00 RUB{russian}\n")), "{period}");
    }
}

#[test]
fn whoever_has_saved_no_means_of_payment_is_told_so_and_promised_nothing_else() {
    let until = || "2026-12-24".to_owned();
    let (plan, amount, period) = ("standard".to_owned(), "149.50 RUB".to_owned(), "month".to_owned());
    let (plan_names, then) = (names(&[("en", "Standard"), ("ru", "Стандарт")]), "299.00 RUB".to_owned());
    let failed =
        PaymentFailed { plan: plan.clone(), until: until(), plan_names: plan_names.clone(), needs_method: true };
    let trial = TrialEnding { plan, ends_on: until(), amount, period, plan_names, then, needs_method: true };
    for locale in ["en", "ru"] {
        for (name, template) in
            [("payment_failed", Template::from(failed.clone())), ("trial_ending", trial.clone().into())]
        {
            let mail = content(&template, locale);
            insta::assert_snapshot!(
                format!("{name}_without_method.{locale}"),
                format!("Subject: {}\n\n{}", mail.subject, mail.text())
            );
        }
    }
}

#[test]
fn a_rental_ends_at_a_time_where_the_person_is() {
    let end = |at: &str, has_begun| {
        let (at, title_id) = (at.to_owned(), "ttl_01jd3k5m7n9pqrstvwxyz01234".to_owned());
        RentalEnding { names: names(&[("en", "Stalker"), ("ru", "Сталкер")]), at, has_begun, title_id }
    };
    for (at, shown) in [
        ("2026-12-25T00:00:00+03:00", "2026-12-25 00:00 UTC+03:00"),
        ("2026-12-24T16:00:00-05:00", "2026-12-24 16:00 UTC-05:00"),
        ("2026-12-25T02:30:59+05:30", "2026-12-25 02:30 UTC+05:30"),
        ("2026-12-24T21:00:00Z", "2026-12-24 21:00 UTC"),
        ("soon", "soon"),
    ] {
        assert_eq!([true, false].map(|begun| end_of_rental(&end(at, begun))), [shown, shown], "{at}");
    }
    assert!(content(&end("", false).into(), "en").text().contains("Can be begun until: unknown\n"));
    for locale in ["en", "ru"] {
        let mail = content(&end("2026-12-25T00:00:00+03:00", false).into(), locale);
        insta::assert_snapshot!(
            format!("rental_ending_not_begun.{locale}"),
            format!("Subject: {}\n\n{}", mail.subject, mail.text())
        );
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
    let odd = content(&template, "en").with_way_out("https://cinema.example/?a=\"><script>&b='").html();
    assert!(
        odd.contains("<a href=\"https://cinema.example/?a=&quot;&gt;&lt;script&gt;&amp;b='\">")
            && !odd.contains("<script"),
        "{odd}"
    );
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
fn a_mail_leads_to_where_something_can_be_done() {
    let of = |template: Template| Destination::of(&template);
    let receipts = vec![receipt("auth", 1)];
    let failed = failed("standard", HashMap::new());
    assert_eq!(of(failed.clone()), Some(Destination::Account));
    assert_eq!(of(NewEpisodes::default().into()), Some(Destination::Films));
    for name in ["title_purchased", "rental_ending", "title_leaving_soon", "new_episodes"] {
        let place = of(sample(name)).map(Destination::path);
        assert_eq!(place.as_deref(), Some("/#/titles/ttl_01jd3k5m7n9pqrstvwxyz01234"), "{name}");
    }
    let nowhere: [Template; 3] =
        [VerifyEmail::default().into(), AccountErased { receipts }.into(), announced("News", &["text"])];
    for template in nowhere {
        assert_eq!(of(template.clone()), None, "{}", template.name());
    }
    let url = "https://cinema.example/#/account";
    let mail = content(&failed, "ru").with_destination(Destination::Account, url);
    assert!(mail.text().ends_with(&format!("Ваша учётная запись: {url}\n")), "{}", mail.text());
    assert!(mail.html().contains(&format!("<a href=\"{url}\">Ваша учётная запись</a>")), "{}", mail.html());
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
        for template in [sign_in(&text), failed(&text, names(&[("en", &text)])), paid(&format!("{text}, month"), names(&[("en", &text)])), announced(&text, &["text"]), leaving(&text)] {
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
