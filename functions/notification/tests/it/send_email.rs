use std::{io::Write, net::TcpListener};

use events::Outcome;
use kernel::World;
use serde_json::json;

use crate::post_office::{PostOffice, job};

#[tokio::test]
async fn a_mail_is_sent_with_text_and_html() {
    let office = PostOffice::open().await;
    let (id, job) = job("verify_email", "en");
    assert_eq!(office.consume(&[job]).await, [Outcome::Done]);
    let sent = office.sent().await;
    assert_eq!(sent.len(), 1);
    for expected in ["To: <reader@example.com>", "text/plain", "text/html", "042917", &id.to_string()] {
        assert!(sent[0].contains(expected), "{expected} is not in\n{}", sent[0]);
    }
    assert_eq!(office.record(id).await, ("sent".into(), 1, None));
}

#[tokio::test]
async fn a_reader_of_russian_gets_russian() {
    let office = PostOffice::open().await;
    let (_, english) = job("already_registered", "en");
    let (_, russian) = job("already_registered", "ru-RU");
    assert_eq!(office.consume(&[english, russian]).await, [Outcome::Done, Outcome::Done]);
    let mut languages: Vec<bool> = office.sent().await.iter().map(|raw| raw.contains("Content-Language: ru")).collect();
    languages.sort_unstable();
    assert_eq!(languages, [false, true]);
}

#[tokio::test]
async fn duplicates_in_any_order_are_sent_once() {
    let office = PostOffice::open().await;
    let world = World::system();
    let jobs: Vec<_> = (0..6).map(|_| job("verify_email", "en").1).collect();
    for _ in 0..20 {
        let mut round: Vec<_> = jobs.iter().chain(&jobs).cloned().collect();
        for at in (1..round.len()).rev() {
            round.swap(at, world.below(u32::try_from(at).unwrap() + 1) as usize);
        }
        let outcomes = office.consume(&round).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    }
    assert_eq!(office.sent().await.len(), jobs.len());
}

#[tokio::test]
async fn copies_at_the_same_time_are_sent_once() {
    let office = PostOffice::open().await;
    let (id, job) = job("verify_email", "en");
    let jobs = [job.clone()];
    let outcomes = futures::future::join_all((0..8).map(|_| office.consume(&jobs))).await;
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    assert!(outcomes.contains(&Outcome::Done));
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Poison(_))), "{outcomes:?}");
    // Those that found it taken come again.
    assert_eq!(office.consume(&jobs).await, [Outcome::Done]);
    assert_eq!((office.sent().await.len(), office.record(id).await.0), (1, "sent".into()));
}

#[tokio::test]
async fn a_passing_failure_comes_again_and_is_sent_then() {
    let office = PostOffice::unverified().await;
    let (id, job) = job("verify_email", "en");
    let jobs = [job];
    let outcomes = office.consume(&jobs).await;
    assert!(
        matches!(&outcomes[0], Outcome::Retry(reason) if !reason.contains("reader") && !reason.contains("042917")),
        "{outcomes:?}"
    );
    assert_eq!(office.record(id).await, ("sending".into(), 1, None));
    office.verify().await;
    assert_eq!(office.consume(&jobs).await, [Outcome::Done]);
    assert_eq!(office.record(id).await, ("sent".into(), 2, None));
}

#[tokio::test]
async fn a_mail_that_can_never_be_sent_ends_with_its_reason_and_does_not_come_again() {
    let office = PostOffice::open().await;
    for (name, value, failure) in [
        ("to", json!("reader@example.com, other@example.com"), "invalid address"),
        ("to", json!("reader@example.com\r\nBcc: other@example.com"), "invalid address"),
        ("variables", json!({ "code": "<script>" }), "variable code is missing or malformed"),
        ("variables", json!({}), "variable code is missing or malformed"),
    ] {
        let (id, mut job) = job("verify_email", "en");
        job[name] = value;
        assert_eq!(office.consume(&[job.clone(), job]).await, [Outcome::Done, Outcome::Done]);
        assert_eq!(office.record(id).await, ("failed".into(), 1, Some(failure.into())));
    }
    assert!(office.sent().await.is_empty());
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
        let office = PostOffice::open().await;
        let office = PostOffice { service: office.service.with("AWS_ENDPOINT_URL", &refusing(code)) };
        let (id, job) = job("verify_email", "en");
        let outcomes = office.consume(&[job]).await;
        let (status, _, failure) = office.record(id).await;
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
        let office = PostOffice::open().await;
        let office = PostOffice { service: office.service.with(name, value) };
        let outcomes = office.consume(&[job("verify_email", "en").1]).await;
        assert!(matches!(outcomes[..], [Outcome::Retry(_)]), "{outcomes:?}");
    }
}

#[tokio::test]
async fn what_is_no_job_is_poison_and_does_not_stop_the_others() {
    let office = PostOffice::open().await;
    let (_, good) = job("verify_email", "en");
    let (_, mut unknown) = job("verify_email", "en");
    unknown["template"] = json!("win_a_prize");
    let outcomes = office.consume(&[json!("text"), unknown, json!({ "code": "042917" }), good]).await;
    assert!(
        matches!(&outcomes[..], [Outcome::Poison(_), Outcome::Poison(_), Outcome::Poison(_), Outcome::Done]),
        "{outcomes:?}"
    );
    assert!(!format!("{outcomes:?}").contains("042917"));
}
