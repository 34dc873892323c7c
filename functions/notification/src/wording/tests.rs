//! What editors may write, and what they may not.

use proptest::prelude::*;
use proto::mail::{Mail, NewSignIn, PasswordChanged, VerifyEmail};
use serde_json::json;

use super::*;

fn wording(subject: &str, body: &str) -> Wording {
    Wording { subject: Subject::new(subject).unwrap(), body: Body::new(body).unwrap() }
}

/// Where and why.
fn faults(key: &str, subject: &str, body: &str) -> Vec<(&'static str, String)> {
    let faults = wording(subject, body).faults(&sample(key).unwrap());
    faults.into_iter().map(|(pointer, fault)| (pointer, fault.to_string())).collect()
}

fn sign_in(device: &str) -> Template {
    NewSignIn { device: device.to_owned(), territory: String::new(), at: "2026-11-26T10:00:00Z".to_owned() }.into()
}

#[test]
fn every_mail_but_an_announcement_has_a_sample_with_every_variable() {
    for name in Template::NAMES.iter().filter(|name| **name != "announcement") {
        let template = sample(name).unwrap_or_else(|| panic!("{name} has no sample"));
        assert_eq!(template.name(), *name);
        let written = serde_json::to_value(Mail { template: Some(template.clone()), ..Mail::default() }).unwrap();
        let is_filled = |value: &Value| match value {
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => true,
        };
        let variables = written[*name].as_object().unwrap();
        assert!(variables.values().all(is_filled), "{name}: {variables:?}");
        assert!(Content::of(&template, &Locale::english()).is_ok(), "{name}");
    }
    assert!(sample("announcement").is_none() && sample("nothing").is_none() && sample("").is_none());
}

#[test]
fn every_variable_of_every_mail_can_be_said() {
    for name in Template::NAMES {
        let Some(template) = sample(name) else { continue };
        let known = Variables::of_sample(&template);
        let say = known.kinds().iter().map(|(name, kind)| match kind {
            VariableKind::Text => format!("{{% if {name} %}}{{{{ {name} }}}}{{% endif %}}\n\n"),
            VariableKind::Texts => format!("{{% for one in {name} %}}\n- {{{{ one }}}}\n{{% endfor %}}\n\n"),
            VariableKind::Rows { fields } => {
                let row: String = fields.iter().map(|field| format!("{{{{ one.{field} }}}} ")).collect();
                format!("{{% for one in {name} %}}\n- {row}{{% if not loop.last %}};{{% endif %}}\n{{% endfor %}}\n\n")
            }
        });
        let wording = wording("About something", &format!("Hello!\n\n{}", say.collect::<String>()));
        assert!(wording.faults(&template).is_empty(), "{name}: {:?}", wording.faults(&template));
        let text = wording.content(&template, &Locale::english()).unwrap().text();
        assert!(text.starts_with("Hello!\n") && !text.contains('{'), "{name}: {text}");
    }
}

#[test]
fn a_variable_that_a_mail_has_not_is_named() {
    assert_eq!(
        faults("welcome", "Hello {{ name }}", "Your {{ plan }}, {{ plan.key }}"),
        [
            ("/subject", "names name, which is no variable of this mail".to_owned()),
            ("/body", "names plan, which is no variable of this mail".to_owned()),
        ]
    );
    for (body, says) in [
        ("{% for one in receipts %}{{ one.price }}{% endfor %}", "names one.price, "),
        ("{{ receipts.service }}", "names receipts.service, "),
        ("{% for one in receipts %}{{ loop.index }}{% endfor %}", "names loop.index, "),
        ("{{ loop.first }}", "names loop, "),
        ("{% for one in receipts %}a{% endfor %}{{ one.service }}", "names one, "),
        ("{{ receipts }}", "names receipts, which is a list"),
        ("{% for one in receipts %}{{ one }}{% endfor %}", "names one, which is a list"),
    ] {
        let faults = faults("account_erased", "Deleted", body);
        assert!(faults.len() == 1 && faults[0].0 == "/body" && faults[0].1.contains(says), "{body}: {faults:?}");
    }
    let faults = faults("new_sign_in", "New", "{% for one in device %}a{% endfor %}");
    assert_eq!(faults, [("/body", "goes through device, which is no list".to_owned())]);
}

#[test]
fn a_mail_with_a_code_shows_it_in_its_body_and_nowhere_else() {
    let missing = ("/body", "does not show code, which this mail is for".to_owned());
    let revealed = ("/subject", "shows code, and a locked screen would show it as well".to_owned());
    for key in ["verify_email", "password_reset", "confirm_email"] {
        assert_eq!(faults(key, "Your code", "Enter {{ code }} here."), []);
        for body in [
            "No code.",
            "{% if not code %}{{ code }}{% endif %}",
            "{# {{ code }} #} Nothing.",
            "{% raw %}{{ code }}{% endraw %}",
        ] {
            assert_eq!(faults(key, "Your code", body), std::slice::from_ref(&missing), "{body}");
        }
        assert_eq!(faults(key, "{{ code }} is yours", "{{ code }}"), std::slice::from_ref(&revealed));
    }
    // The code of the example is nobody's, in whatever way it is written.
    for (key, body) in [
        ("verify_email", "Enter 042917 here."),
        ("verify_email", "{{ code }} 042917"),
        ("password_reset", "4kq2m-8v0xd"),
    ] {
        assert_eq!(faults(key, "Your code", body), std::slice::from_ref(&missing), "{body}");
    }
    let trick = wording("Your code", "Enter 04{# #}2917 here.");
    assert!(trick.content(&VerifyEmail { code: "123456".to_owned() }.into(), &Locale::english()).is_err());
    let mail = wording("Your code", "Enter\n\n {{ code }}\n\nhere.");
    let content = mail.content(&VerifyEmail { code: "123456".to_owned() }.into(), &Locale::english()).unwrap();
    assert!(content.text().contains("\n    123456\n") && content.html().contains("monospace"));
}

#[test]
fn a_row_of_signs_is_too_long() {
    for sign in ["-", "not ", "("] {
        let faults = faults("verify_email", "Your code", &format!("{{{{ {}code }}}}", sign.repeat(2_000)));
        assert!(matches!(&faults[..], [("/body", says)] if says.contains("too long")), "{faults:?}");
    }
}

#[test]
fn nothing_else_of_the_engine_can_be_said() {
    for body in [
        "{% set a = device ~ device %}{{ a }}",
        "{{ 'a' * 100000000 }}",
        "{{ device ~ device }}",
        "{{ device * 1000 }}",
        "{{ device|safe }}",
        "{{ device|upper }}",
        "{{ device[0] }}",
        "{{ device[:2] }}",
        "{{ range(100000000) }}",
        "{{ device() }}",
        "{{ [device] }}",
        "{{ {'a': device} }}",
        "{{ 1 }}",
        "{{ device if at else at }}",
        "{% if device == 'a' %}a{% endif %}",
        "{% if device is defined %}a{% endif %}",
        "{% with a = device %}{{ a }}{% endwith %}",
        "{% autoescape false %}{{ device }}{% endautoescape %}",
        "{% filter upper %}a{% endfilter %}",
        "{% do device() %}",
        "{% include 'a' %}",
        "{% extends 'a' %}",
        "{% import 'a' as a %}",
        "{% macro a() %}{% endmacro %}",
        "{% block a %}{% endblock %}",
        "{% for a, b in device %}a{% endfor %}",
        "{% if device %}",
        "{% endif %}",
        "{{ device",
        "{{ }}",
        "{% nothing %}",
    ] {
        let found = faults("new_sign_in", "New", body);
        assert!(found.len() == 1 && found[0].0 == "/body" && found[0].1.contains("line 1"), "{body}: {found:?}");
    }
    for body in [
        "{% for a in receipts %}{% for b in receipts %}a{% endfor %}{% endfor %}",
        "{% for a in receipts if a.service %}a{% endfor %}",
        "{% for a in receipts recursive %}a{% endfor %}",
    ] {
        assert!(faults("account_erased", "Deleted", body)[0].1.contains("no other for"), "{body}");
    }
    let deep = format!("{}a{}", "{% if at %}".repeat(400), "{% endif %}".repeat(400));
    assert!(!faults("new_sign_in", "New", &deep).is_empty());
}

#[test]
fn no_value_becomes_markup_or_a_header() {
    let mail = wording("From {{ device }}", "It was {{ device }}.\n\n- <b>{{ device }}</b>\n- {{ at }}");
    let reader = Locale::english();
    let content = mail.content(&sign_in("<script>alert(1)</script>\r\nBcc: b@example.com"), &reader).unwrap();
    assert_eq!(content.subject, "From <script>alert(1)</script>Bcc: b@example.com");
    assert!(!content.html().contains("<script") && !content.html().contains("<b>"), "{}", content.html());
    assert!(content.text().contains("It was <script>alert(1)</script>Bcc: b@example.com.\n"));
    let envelope = crate::content::Envelope {
        message_id: "msg_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap(),
        to: "a@example.com",
        from: "cinema@example.com",
        now: time::OffsetDateTime::UNIX_EPOCH,
        unsubscribe: None,
    };
    let mime = String::from_utf8(content.mime(&envelope)).unwrap();
    assert!(!mime.contains("\nBcc:") && mime.contains("\nSubject: From <script>"), "{mime}");
    // A value that says how a value is said is a value.
    let content = mail.content(&sign_in("{{ at }}{% if"), &reader).unwrap();
    assert_eq!(content.subject, "From {{ at }}{% if");
}

#[test]
fn subjects_have_one_line_and_bodies_an_end() {
    for wrong in ["a\r\nBcc: b@example.com", "a\nb", "", "\u{202e}", &"x".repeat(201), &"x".repeat(2_000_000)] {
        assert!(Subject::new(wrong).is_err(), "{:?}", &wrong[..wrong.len().min(20)]);
    }
    assert!(Body::new(&"x".repeat(10_001)).is_err());
    assert_eq!(faults("welcome", "=?utf-8?q?a?=", "a"), [("/subject", Fault::Unreadable.to_string())]);
    assert_eq!(faults("welcome", "{# a #}", "{# a #}").len(), 2, "nothing is left to read");
    // What does not fit with the values of the day.
    let mail = wording("{{ device }}", "{{ device }}");
    let reader = Locale::english();
    assert!(matches!(mail.content(&sign_in(""), &reader), Err(WordingError::Subject)));
    assert!(matches!(mail.content(&sign_in("=?utf-8?q?a?="), &reader), Err(WordingError::Subject)));
    let long = wording("a", &format!("{{% for one in unlinked_providers %}}{}{{% endfor %}}", "x".repeat(9_000)));
    let unlinked = |count| PasswordChanged { unlinked_providers: vec!["a".to_owned(); count] }.into();
    assert!(long.content(&unlinked(2), &reader).is_ok());
    assert!(matches!(long.content(&unlinked(3), &reader), Err(WordingError::Body)));
    assert!(matches!(long.content(&unlinked(100_000), &reader), Err(WordingError::Engine(_))), "it ends");
    // A message that changed: the variable is not there any more.
    let stale = wording("a", "{{ gone }}");
    assert!(matches!(stale.content(&sign_in("a"), &reader), Err(WordingError::Engine(_))));
}

#[test]
fn values_of_a_preview_are_all_there_and_of_their_kind() {
    let known = Variables::of_sample(&sample("account_erased").unwrap());
    let row = json!({ "service": "auth", "records": "3", "erased_at": "2026" });
    let misfits = |values: Value| known.misfits(values.as_object().unwrap());
    assert!(misfits(json!({ "receipts": [row] })).is_empty() && misfits(json!({ "receipts": [] })).is_empty());
    assert_eq!(misfits(json!({})), [("/variables/receipts".to_owned(), "is missing")]);
    for wrong in [json!("a"), json!(["a"]), json!([{ "service": "auth" }]), json!(null), json!([[row]])] {
        assert_eq!(misfits(json!({ "receipts": wrong })), [("/variables/receipts".to_owned(), "is of another kind")]);
    }
    let unknown = misfits(json!({ "receipts": [], "a/b": 1 }));
    assert_eq!(unknown, [("/variables/a~1b".to_owned(), "is no variable of this mail")]);
}

#[test]
fn titles_are_named_in_the_language_of_the_reader() {
    let mail = wording("Soon", "{% for one in titles %}\n- {{ one.name }}: {{ one.until }}\n{% endfor %}");
    let template = sample("titles_digest").unwrap();
    let text = |language: Language| mail.content(&template, &language.reader()).unwrap().text();
    assert_eq!(text(Language::En), "- Stalker: 2026-12-24\n- Stalker: 2026-12-24\n");
    assert_eq!(text(Language::Ru), "- Сталкер: 2026-12-24\n- Сталкер: 2026-12-24\n");
}

#[test]
fn what_is_sold_is_named_in_the_language_of_the_reader_and_names_are_no_variable() {
    let names = json!({ "en": "Standard", "ru": "Стандарт" });
    let template =
        |name: &str, values: Value| serde_json::from_value::<Mail>(json!({ name: values })).unwrap().template.unwrap();
    let text = |template: &Template, body: &str, language: Language| {
        wording("a", body).content(template, &language.reader()).unwrap().text()
    };
    let trial = template(
        "trial_ending",
        json!({ "plan": "standard", "ends_on": "2026-12-24", "amount": "1.00 EUR", "period": "year", "plan_names": names }),
    );
    let body = "{{ plan }}: {{ amount }}, {{ period }}, {{ ends_on }}";
    assert_eq!(text(&trial, body, Language::En), "Standard: 1.00 EUR, year, 2026-12-24\n");
    assert_eq!(text(&trial, body, Language::Ru), "Стандарт: 1.00 EUR, год, 2026-12-24\n");
    let paid = template(
        "payment_received",
        json!({ "amount": "1.00 EUR", "description": "standard, month", "invoice_number": "", "goods_names": names }),
    );
    assert_eq!(text(&paid, "{{ description }}{{ invoice_number }}", Language::En), "Standard, month\n");
    assert_eq!(text(&paid, "{{ description }}", Language::Ru), "Стандарт, месяц\n");
    for (names, shown) in [
        (json!({}), "standard"),
        (json!({ "en": "=?utf-8?q?Free?=" }), "standard"),
        (json!({ "no language": "?", "": "St\r\nan" }), "Stan"),
        (json!({ "en": "x".repeat(10_000) }), &*"x".repeat(200)),
    ] {
        let ended = template("subscription_ended", json!({ "plan": "standard", "plan_names": names }));
        assert_eq!(text(&ended, "{{ plan }}", Language::En), format!("{shown}\n"));
    }
    let rental = |has_begun: bool| {
        let values =
            json!({ "names": names, "at": "2026-12-25T00:00:00+03:00", "has_begun": has_begun, "title_id": "" });
        let body = "{{ name }}: {% if has_begun %}until{% else %}begin by{% endif %} {{ at }}";
        text(&template("rental_ending", values), body, Language::En)
    };
    assert_eq!(
        (&*rental(true), &*rental(false)),
        ("Standard: until 2026-12-25 00:00 UTC+03:00\n", "Standard: begin by 2026-12-25 00:00 UTC+03:00\n")
    );
    for name in Template::NAMES.iter().filter_map(|name| sample(name)) {
        let known = Variables::of_sample(&name);
        assert!(!known.kinds().keys().any(|name| name.ends_with("names")), "{known:?}");
    }
}

proptest! {
    #[test]
    fn what_is_taken_is_rendered_whatever_the_values(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "{{ device }}", "{% if at %}", "{% endif %}", "{% else %}", "{{ at }}", "a", "\n", "\n\n", "- ", "{% for a in device %}",
                "{% endfor %}", "{{", "}}", "{% if not device %}", "{{ nothing }}", "{#", "#}", "<b>", "{% set at = at %}",
            ]), 0..12),
        device in "\\PC{0,20}", at in ".{0,20}",
    ) {
        let source = format!("x {}", parts.concat());
        let mail = wording("a", &source);
        if mail.faults(&sample("new_sign_in").unwrap()).is_empty() {
            let template = NewSignIn { device, territory: String::new(), at }.into();
            let content = mail.content(&template, &Locale::english()).unwrap();
            prop_assert!(!content.html().contains("<b>"));
        }
    }
}
