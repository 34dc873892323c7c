use std::{io::Write, net::TcpListener};

use events::Outcome;
use kernel::World;
use proto::mail::AlreadyRegistered;
use serde_json::json;

use crate::ses::{Ses, code_mail, job};

#[tokio::test]
async fn a_mail_is_sent_with_text_and_html() {
    let ses = Ses::start().await;
    let (id, job) = code_mail();
    assert_eq!(ses.consume(&[job]).await, [Outcome::Done]);
    let sent = ses.sent().await;
    assert_eq!(sent.len(), 1);
    for expected in ["To: <reader@example.com>", "text/plain", "text/html", "042917", &id.to_string()] {
        assert!(sent[0].contains(expected), "{expected} is not in\n{}", sent[0]);
    }
    assert_eq!(ses.record(id).await, ("sent".into(), 1, None));
}

#[tokio::test]
async fn a_reader_of_russian_gets_russian() {
    let ses = Ses::start().await;
    let (_, english) = job(AlreadyRegistered {}, "en");
    let (_, russian) = job(AlreadyRegistered {}, "ru-RU");
    assert_eq!(ses.consume(&[english, russian]).await, [Outcome::Done, Outcome::Done]);
    let mut languages: Vec<bool> = ses.sent().await.iter().map(|raw| raw.contains("Content-Language: ru")).collect();
    languages.sort_unstable();
    assert_eq!(languages, [false, true]);
}

#[tokio::test]
async fn duplicates_in_any_order_are_sent_once() {
    let ses = Ses::start().await;
    let world = World::system();
    let jobs: Vec<_> = (0..6).map(|_| code_mail().1).collect();
    for _ in 0..20 {
        let mut round: Vec<_> = jobs.iter().chain(&jobs).cloned().collect();
        for at in (1..round.len()).rev() {
            round.swap(at, world.below(u32::try_from(at).unwrap() + 1) as usize);
        }
        let outcomes = ses.consume(&round).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    }
    assert_eq!(ses.sent().await.len(), jobs.len());
}

#[tokio::test]
async fn copies_at_the_same_time_are_sent_once() {
    let ses = Ses::start().await;
    let (id, job) = code_mail();
    let jobs = [job.clone()];
    let outcomes = futures::future::join_all((0..8).map(|_| ses.consume(&jobs))).await;
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    assert!(outcomes.contains(&Outcome::Done));
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Poison(_))), "{outcomes:?}");
    // Those that found it taken come again.
    assert_eq!(ses.consume(&jobs).await, [Outcome::Done]);
    assert_eq!((ses.sent().await.len(), ses.record(id).await.0), (1, "sent".into()));
}

#[tokio::test]
async fn a_passing_failure_comes_again_and_is_sent_then() {
    let ses = Ses::unverified().await;
    let (id, job) = code_mail();
    let jobs = [job];
    let outcomes = ses.consume(&jobs).await;
    assert!(
        matches!(&outcomes[0], Outcome::Retry(reason) if !reason.contains("reader") && !reason.contains("042917")),
        "{outcomes:?}"
    );
    assert_eq!(ses.record(id).await, ("sending".into(), 1, None));
    ses.verify().await;
    assert_eq!(ses.consume(&jobs).await, [Outcome::Done]);
    assert_eq!(ses.record(id).await, ("sent".into(), 2, None));
}

#[tokio::test]
async fn a_mail_that_can_never_be_sent_ends_with_its_reason_and_does_not_come_again() {
    let ses = Ses::start().await;
    for (name, value, failure) in [
        ("to", json!("reader@example.com, other@example.com"), "invalid address"),
        ("to", json!("reader@example.com\r\nBcc: other@example.com"), "invalid address"),
        ("verify_email", json!({ "code": "<script>" }), "variable code is missing or malformed"),
        ("verify_email", json!({}), "variable code is missing or malformed"),
    ] {
        let (id, mut job) = code_mail();
        job[name] = value;
        assert_eq!(ses.consume(&[job.clone(), job]).await, [Outcome::Done, Outcome::Done]);
        assert_eq!(ses.record(id).await, ("failed".into(), 1, Some(failure.into())));
    }
    assert!(ses.sent().await.is_empty());
}

/// An SES that refuses every mail, repeating its address as SES does.
fn refusing(code: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let body = format!(
                "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error><Type>Sender</Type><Code>{code}</Code>\
                 <Message>Refused: reader@example.com</Message></Error><RequestId>1</RequestId></ErrorResponse>"
            );
            let head = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length:";
            std::thread::spawn(move || {
                let mut buffer = [0; 65_536];
                let _ = std::io::Read::read(&mut connection, &mut buffer);
                let _ = write!(connection, "{head} {}\r\n\r\n{body}", body.len());
            });
        }
    });
    url
}

#[tokio::test]
async fn the_provider_decides_what_is_permanent_and_its_text_is_not_repeated() {
    for (code, is_permanent) in [("MessageRejected", true), ("Throttling", false)] {
        let ses = Ses::start().await;
        let ses = Ses { service: ses.service.with("AWS_ENDPOINT_URL", &refusing(code)) };
        let (id, job) = code_mail();
        let outcomes = ses.consume(&[job]).await;
        let (status, _, failure) = ses.record(id).await;
        if is_permanent {
            assert_eq!((outcomes, status, failure), (vec![Outcome::Done], "failed".into(), Some(code.into())));
        } else {
            assert_eq!((outcomes, status), (vec![Outcome::Retry(format!("ses: {code}"))], "sending".into()));
        }
    }
}

#[tokio::test]
async fn engines_that_are_down_make_the_job_come_again() {
    for (name, value) in
        [("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]
    {
        let ses = Ses::start().await;
        let ses = Ses { service: ses.service.with(name, value) };
        let outcomes = ses.consume(&[code_mail().1]).await;
        assert!(matches!(outcomes[..], [Outcome::Retry(_)]), "{outcomes:?}");
    }
}

#[tokio::test]
async fn what_is_no_job_is_poison_and_does_not_stop_the_others() {
    let ses = Ses::start().await;
    let (_, good) = code_mail();
    let (_, mut unknown) = code_mail();
    unknown.as_object_mut().unwrap().remove("verify_email");
    unknown["win_a_prize"] = json!({});
    let outcomes = ses.consume(&[json!("text"), unknown, json!({ "code": "042917" }), good]).await;
    assert!(
        matches!(&outcomes[..], [Outcome::Poison(_), Outcome::Poison(_), Outcome::Poison(_), Outcome::Done]),
        "{outcomes:?}"
    );
    assert!(!format!("{outcomes:?}").contains("042917"));
}
