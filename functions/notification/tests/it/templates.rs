//! Mails in the words of editors: what is written counts from the next mail on, and nothing that was written is lost.

use events::Outcome;
use kernel::World;
use mail_parser::MessageParser;
use proto::mail::{NewSignIn, Template, VerifyEmail, Welcome};
use serde_json::{Value, json};
use testkit::{Answer, App, Token};

use crate::{
    house::House,
    ses::{Ses, job},
};

async fn put(app: &App, key: &str, body: Value) -> Answer {
    app.put(&format!("/v1/admin/templates/{key}"), &body).token(&Token::role("editor")).send().await
}

async fn get(app: &App, key: &str) -> Value {
    app.get(&format!("/v1/admin/templates/{key}")).token(&Token::role("editor")).send().await.expect(200)
}

fn words(subject: &str) -> Value {
    json!({ "language": "en", "subject": subject, "body": format!("{subject}, to be read.") })
}

/// The subject and the text of the mail that the next job makes.
async fn next(ses: &Ses, template: impl Into<Template>, locale: &str) -> (String, String) {
    let before = ses.sent().await.len();
    let (_, job) = job(template, locale);
    assert_eq!(ses.consume(&[job]).await, [Outcome::Done]);
    let sent = ses.sent().await;
    assert_eq!(sent.len(), before + 1);
    let mail = MessageParser::default().parse(sent[before].as_bytes()).unwrap();
    (mail.subject().unwrap().to_owned(), mail.body_text(0).unwrap().replace("\r\n", "\n"))
}

/// The service, and where its mails go.
async fn start() -> (App, Ses) {
    let ses = Ses::start().await;
    let app = ses.service.app(notification::operations::routes);
    (app, ses)
}

#[tokio::test]
async fn the_next_mail_is_in_the_new_words_and_every_version_can_be_had_again() {
    let (app, ses) = start().await;
    let built_in = next(&ses, Welcome {}, "en").await;
    let first = put(&app, "welcome", words("Hello")).await;
    assert_eq!((first.expect(200)["version"].clone(), first.header("etag").unwrap()), (json!(1), "\"1\""));
    let text = "Hello, to be read.\n\nWatch at Online Cinema: http://localhost:8080/#/\n";
    assert_eq!(next(&ses, Welcome {}, "en").await, ("Hello".to_owned(), text.to_owned()));
    assert!(next(&ses, Welcome {}, "ru").await.0.contains("Добро"), "the other language stays");
    assert_eq!(put(&app, "welcome", words("Good day")).await.expect(200)["version"], 2);
    assert_eq!(put(&app, "welcome", words("Good day")).await.expect(200)["version"], 2, "nothing new");
    let russian = json!({ "language": "ru", "subject": "Здравствуйте", "body": "Рады вам." });
    assert_eq!(put(&app, "welcome", russian).await.expect(200)["version"], 3);
    let text = "Рады вам.\n\nСмотреть в Online Cinema: http://localhost:8080/#/\n";
    assert_eq!(next(&ses, Welcome {}, "ru").await, ("Здравствуйте".to_owned(), text.to_owned()));
    let restore = |version: i64| put(&app, "welcome", json!({ "language": "en", "version": version }));
    let again = restore(1).await.expect(200);
    assert_eq!(json!([again["version"], again["subject"]]), json!([4, "Hello"]));
    assert_eq!(next(&ses, Welcome {}, "en").await.0, "Hello");
    let again = restore(0).await.expect(200);
    assert_eq!(json!([again["version"], again["subject"], again["body"]]), json!([5, null, null]));
    assert_eq!(next(&ses, Welcome {}, "en").await, built_in);
    assert_eq!(next(&ses, Welcome {}, "ru").await.0, "Здравствуйте");
    for (wrong, pointer) in [(3, "/version"), (6, "/version"), (-1, "/version")] {
        let problem = restore(wrong).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    let edited = get(&app, "welcome").await;
    assert_eq!(json!([edited["version"], edited["en"]["current"]["subject"]]), json!([5, null]));
    assert_eq!(edited["ru"]["current"]["subject"], "Здравствуйте");
    assert_eq!(edited["en"]["built_in"]["subject"], built_in.0);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/admin/templates/welcome/versions?limit=2{cursor}");
        let page = app.get(&path).token(&editor()).send().await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["version"].as_i64().unwrap()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}

/// One editor: a cursor fits only whom it was made for.
fn editor() -> Token {
    use std::sync::LazyLock;
    static EDITOR: LazyLock<Token> = LazyLock::new(|| Token::role("editor"));
    EDITOR.clone()
}

#[tokio::test]
async fn values_are_said_and_a_mail_that_cannot_be_said_so_is_sent_in_the_words_of_the_program() {
    let (app, ses) = start().await;
    let body = "It was {{ device }}{% if territory %} in {{ territory }}{% endif %}.\n\n- {{ at }}";
    let wording = json!({ "language": "en", "subject": "On {{ device }}", "body": body });
    put(&app, "new_sign_in", wording).await.expect(200);
    let sign_in = |device: &str, territory: &str| NewSignIn {
        device: device.to_owned(),
        territory: territory.to_owned(),
        at: "2026-11-26T10:00:00Z".to_owned(),
    };
    let (subject, text) = next(&ses, sign_in("<TV>\r\nBcc: x@example.com", "DE"), "en").await;
    assert_eq!(subject, "On <TV>Bcc: x@example.com");
    let body = "It was <TV>Bcc: x@example.com in DE.\n\n- 2026-11-26 10:00 UTC\n";
    assert_eq!(text, format!("{body}\nYour account: http://localhost:8080/#/account\n"));
    assert!(next(&ses, sign_in("TV", ""), "en").await.1.starts_with("It was TV.\n"));
    let (subject, _) = next(&ses, sign_in("=?utf-8?q?Free?=", ""), "en").await;
    assert_eq!(subject, "A new sign-in to Online Cinema");
    // A version of the program that knew another variable wrote it.
    sqlx::query("update wordings set body = '{{ gone }}'").execute(&ses.service.pool()).await.unwrap();
    assert_eq!(next(&ses, sign_in("TV", ""), "en").await.0, "A new sign-in to Online Cinema");
    let restored = put(&app, "new_sign_in", json!({ "language": "en", "version": 0 })).await.expect(200);
    let stale = put(&app, "new_sign_in", json!({ "language": "en", "version": 1 })).await;
    assert_eq!(
        (&restored["version"], stale.expect_problem(422, "invalid_request")["errors"][0]["pointer"].clone()),
        (&json!(2), json!("/version"))
    );
}

#[tokio::test]
async fn a_variable_that_is_missing_or_unknown_is_named() {
    let (app, ses) = start().await;
    for (key, subject, body, pointer, named) in [
        ("welcome", "Hello {{ name }}", "a", "/subject", "name"),
        ("welcome", "Hello", "{{ plan }}", "/body", "plan"),
        ("verify_email", "Your code", "There is none.", "/body", "code"),
        ("password_reset", "Your code", "{% if not code %}{{ code }}{% endif %}", "/body", "code"),
        ("confirm_email", "{{ code }}", "{{ code }}", "/subject", "code"),
        ("account_erased", "Gone", "{{ receipts }}", "/body", "receipts"),
        ("account_erased", "Gone", "{% for one in receipts %}{{ one.x }}{% endfor %}", "/body", "one.x"),
        ("new_sign_in", "New", "{{ device|upper }}", "/body", "line 1"),
        ("new_sign_in", "New", "{% if device %}", "/body", "line 1"),
    ] {
        let wording = json!({ "language": "en", "subject": subject, "body": body });
        for answer in [
            put(&app, key, wording.clone()).await,
            app.post(&format!("/v1/admin/templates/{key}/preview"), &wording).token(&editor()).send().await,
        ] {
            let problem = answer.expect_problem(422, "invalid_request");
            let error = &problem["errors"][0];
            assert_eq!(error["pointer"], pointer, "{problem}");
            assert!(error["detail"].as_str().unwrap().contains(named), "{problem}");
        }
        assert_eq!(get(&app, key).await["version"], 0);
    }
    let (_, text) = next(&ses, VerifyEmail { code: "123456".to_owned() }, "en").await;
    assert!(text.contains("123456"));
}

#[tokio::test]
async fn what_is_too_long_has_two_lines_or_is_no_wording_is_refused() {
    let app = House::start().await.app;
    for wording in [
        json!({ "language": "en", "subject": "x".repeat(2_000_000), "body": "a" }),
        json!({ "language": "en", "subject": "a", "body": "x".repeat(2_000_000) }),
        json!({ "language": "en", "subject": "x".repeat(201), "body": "a" }),
        json!({ "language": "en", "subject": "a", "body": "x".repeat(10_001) }),
        json!({ "language": "en", "subject": "a\r\nBcc: b@example.com", "body": "a" }),
        json!({ "language": "en", "subject": "a\nb", "body": "a" }),
        json!({ "language": "en", "subject": "", "body": "a" }),
        json!({ "language": "en", "subject": "a", "body": "" }),
        json!({ "language": "en", "subject": "=?utf-8?q?a?=", "body": "a" }),
        json!({ "language": "en", "subject": "a\u{0}", "body": "a" }),
        json!({ "language": "en", "subject": "a" }),
        json!({ "language": "en", "body": "a" }),
        json!({ "language": "en" }),
        json!({ "language": "en", "subject": "a", "body": "a", "version": 0 }),
        json!({ "language": "de", "subject": "a", "body": "a" }),
        json!({ "language": "en", "subject": 1, "body": "a" }),
        json!({ "language": "en", "subject": "a", "body": "a", "html": "<b>" }),
        json!({ "subject": "a", "body": "a" }),
    ] {
        let answer = put(&app, "welcome", wording.clone()).await;
        assert!(matches!(answer.status.as_u16(), 413 | 422), "{} {}", answer.status, answer.text());
    }
    for key in ["announcement", "nothing", "WELCOME", "%00", "..%2f"] {
        put(&app, key, words("a")).await.expect_problem(404, "not_found");
    }
    assert_eq!(get(&app, "welcome").await["version"], 0);
}

#[tokio::test]
async fn a_preview_shows_the_mail_and_keeps_nothing() {
    let app = House::start().await.app;
    let preview = async |body: Value| {
        app.post("/v1/admin/templates/subscription_active/preview", &body).token(&editor()).send().await
    };
    let wording = json!({ "language": "ru", "subject": "До {{ until }}", "body": "<b>{{ plan }}</b>" });
    let shown = preview(wording.clone()).await.expect(200);
    assert_eq!(json!([shown["subject"], shown["text"]]), json!(["До 2026-12-24", "<b>Стандарт</b>\n"]));
    let html = shown["html"].as_str().unwrap();
    assert!(html.contains("lang=\"ru\"") && html.contains("&lt;b&gt;Стандарт&lt;/b&gt;"), "{html}");
    let with = |variables: Value| {
        let mut wording = wording.clone();
        wording["variables"] = variables;
        preview(wording)
    };
    let shown = with(json!({ "plan": "<i>", "until": "a\r\nb" })).await.expect(200);
    assert_eq!(json!([shown["subject"], shown["text"]]), json!(["До ab", "<b><i></b>\n"]));
    for (variables, pointers) in [
        (json!({}), vec!["/variables/plan", "/variables/until"]),
        (json!({ "plan": "a" }), vec!["/variables/until"]),
        (json!({ "plan": "a", "until": "b", "price": "c" }), vec!["/variables/price"]),
        (json!({ "plan": 1, "until": ["b"] }), vec!["/variables/plan", "/variables/until"]),
    ] {
        let problem = with(variables).await.expect_problem(422, "invalid_request");
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect::<Vec<_>>(), pointers);
    }
    with(json!([])).await.expect_problem(422, "invalid_request");
    assert_eq!(get(&app, "subscription_active").await["version"], 0);
}

#[tokio::test]
async fn of_editors_at_the_same_time_each_makes_a_version_and_who_saw_an_older_one_is_told() {
    let app = House::start().await.app;
    let all = (0..8).map(|number| put(&app, "welcome", words(&format!("Hello {number}"))));
    let answers = futures::future::join_all(all).await;
    let mut versions: Vec<i64> = answers.iter().map(|answer| answer.expect(200)["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=8).collect::<Vec<_>>());
    let path = "/v1/admin/templates/welcome";
    let seen = |tag: &'static str| app.put(path, &words("Seen")).token(&editor()).header("if-match", tag).send();
    seen("\"7\"").await.expect_problem(412, "precondition_failed");
    assert_eq!(seen("\"8\"").await.expect(200)["version"], 9);
    let all = (0..4).map(|number| {
        app.put(path, &words(&format!("At once {number}"))).token(&editor()).header("if-match", "\"9\"").send()
    });
    let statuses: Vec<u16> = futures::future::join_all(all).await.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 3, "{statuses:?}");
}

#[tokio::test]
async fn only_editors_who_proved_lately_who_they_are_write() {
    let app = House::start().await.app;
    let path = "/v1/admin/templates/welcome";
    for token in [Token::role("viewer"), Token::role("support"), Token::viewer()] {
        app.put(path, &words("a")).token(&token).send().await.expect_problem(403, "role_required");
        app.get(path).token(&token).send().await.expect_problem(403, "role_required");
    }
    let mut old = Token::role("editor");
    old.0.auth_time = World::system().now().unix_timestamp() - 2 * 3600;
    app.put(path, &words("a")).token(&old).send().await.expect_problem(403, "step_up_required");
    app.get(path).token(&old).send().await.expect(200);
}
