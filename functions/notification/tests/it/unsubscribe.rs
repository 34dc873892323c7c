//! The link at the foot of a marketing mail.

use cinema_http::axum::http::Method;
use events::Outcome;
use kernel::World;
use mail_parser::MessageParser;
use proto::mail::{Announcement, Mail};
use serde_json::{Value, json};

use crate::{
    house::{House, Person},
    provider::Provider,
};

/// A marketing mail to somebody, as its writers write it.
fn announcement(person: &Person) -> Value {
    let words =
        Announcement { subject: "Новинки: «Ёлки»".to_owned(), paragraphs: vec!["Tom & Jerry".to_owned()] };
    let id: kernel::MessageId = World::system().id();
    serde_json::to_value(Mail::to_account(id, person.account, words)).unwrap()
}

async fn agree(house: &House, person: &Person) {
    let path = "/v1/notifications/preferences";
    let mut wishes = house.app.get(path).token(&person.token()).send().await.expect(200);
    wishes["workflows"]["marketing"]["email"] = json!(true);
    house.app.put(path, &wishes).token(&person.token()).send().await.expect(200);
}

/// The path of the link in the newest mail's header.
fn link(provider: &Provider) -> String {
    let raw = provider.accepted().pop().unwrap();
    let parsed = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(parsed.subject(), Some("Новинки: «Ёлки»"));
    provider.way_out()
}

#[tokio::test]
async fn one_click_ends_marketing_from_the_next_job_on_and_nothing_else() {
    let (provider, house) = Provider::serve(House::start().await);
    let (person, world) = (house.person().await, World::system());
    assert_eq!(house.send(&world, &announcement(&person)).await, Outcome::Done);
    assert_eq!(provider.accepted().len(), 0, "nobody gets marketing who has not agreed");
    agree(&house, &person).await;
    assert_eq!(house.send(&world, &announcement(&person)).await, Outcome::Done);
    let path = link(&provider);

    // A scanner opens every link, more than once and with HEAD.
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let page = house.app.call(method, &path).header("accept-language", "ru").send().await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    assert_eq!(house.send(&world, &announcement(&person)).await, Outcome::Done);
    assert_eq!(provider.accepted().len(), 2);

    let waiting = announcement(&person);
    for _ in 0..2 {
        let click = house.app.call(Method::POST, &path).header("content-type", "application/x-www-form-urlencoded");
        let answer = click.bytes("List-Unsubscribe=One-Click").send().await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        assert!(answer.text().contains("You are unsubscribed") && !answer.text().contains("<form"));
    }
    assert_eq!(house.send(&world, &waiting).await, Outcome::Done);
    assert_eq!(house.send(&world, &house.jobs(&person).await[0]).await, Outcome::Done);
    let subjects: Vec<bool> =
        provider.accepted().iter().map(|raw| String::from_utf8_lossy(raw).contains("List-Unsubscribe")).collect();
    assert_eq!(subjects, [true, true, false], "the welcome still comes, and has no way out");
    let statuses: Vec<String> = house.deliveries(&person).await.into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses.iter().filter(|status| *status == "unwanted").count(), 2);
}

#[tokio::test]
async fn a_forged_link_is_nothing_and_that_of_an_erased_account_changes_nothing() {
    let (provider, house) = Provider::serve(House::start().await);
    let person = house.person().await;
    agree(&house, &person).await;
    assert_eq!(house.send(&World::system(), &announcement(&person)).await, Outcome::Done);
    let path = link(&provider);
    let other = Person::new();
    for forged in [
        format!("/v1/unsubscribe/{}", person.account),
        path.replace(&person.account.to_string(), &other.account.to_string()),
        format!("{path}x"),
        "/v1/unsubscribe/x".to_owned(),
        format!("/v1/unsubscribe/{}", "x".repeat(5_000)),
    ] {
        for method in [Method::GET, Method::POST] {
            house.app.call(method, &forged).send().await.expect_problem(404, "not_found");
        }
    }
    assert_eq!(house.erase(person.erased()).await, Outcome::Done);
    assert_eq!(house.app.call(Method::POST, &path).send().await.status.as_u16(), 200);
    let kept: i64 =
        sqlx::query_scalar("select count(*) from preferences").fetch_one(&house.service.pool()).await.unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn marketing_to_a_bare_address_is_never_sent() {
    let (provider, house) = Provider::serve(House::start().await);
    let mut job = announcement(&Person::new());
    job["account_id"] = json!("");
    job["to"] = json!("somebody@example.com");
    assert_eq!(house.send(&World::system(), &job).await, Outcome::Done);
    assert!(provider.accepted().is_empty());
}
