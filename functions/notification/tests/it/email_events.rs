//! What the provider reports of mails.

use events::Outcome;
use kernel::{MessageId, World};
use proto::mail::{Mail, VerifyEmail};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use stores::SecretHandle;
use testkit::Answer;
use time::Duration;

use crate::{house::House, provider::Provider};

const PATH: &str = "/v1/webhooks/email-events";
const HEADER: &str = "x-email-events-key";

async fn key(house: &House) -> String {
    let id = house.service.var(&manifest::env::secret("email-events-key"));
    SecretHandle::new(house.service.aws(), id).get().await.unwrap().unwrap().expose_secret().to_owned()
}

fn bounce(kind: &str, address: &str) -> Value {
    let bounce = json!({ "bounceType": kind, "bouncedRecipients": [{ "emailAddress": address }] });
    json!({ "source": "aws.ses", "detail": { "eventType": "Bounce", "mail": { "messageId": "0100" }, "bounce": bounce } })
}

fn complaint(address: &str) -> Value {
    let complaint = json!({ "complainedRecipients": [{ "emailAddress": address }] });
    json!({ "detail": { "eventType": "Complaint", "mail": {}, "complaint": complaint } })
}

async fn report(house: &House, report: &Value) -> Answer {
    house.app.post(PATH, report).header(HEADER, &key(house).await).send().await
}

fn code_to(address: &str) -> Value {
    let id: MessageId = World::system().id();
    serde_json::to_value(Mail::new(id, address, "en", VerifyEmail { code: "042917".to_owned() })).unwrap()
}

#[tokio::test]
async fn an_address_that_does_not_exist_gets_no_more_mail_for_a_month() {
    let (provider, house) = Provider::serve(House::start().await);
    let person = house.person().await;
    for passing in ["Transient", "Undetermined"] {
        report(&house, &bounce(passing, &person.email())).await.expect(204);
    }
    let (world, clock) = World::replay(World::system().now(), 1);
    assert_eq!(house.send(&world, &code_to(&person.email())).await, Outcome::Done);
    assert_eq!(provider.accepted().len(), 1);
    for _ in 0..2 {
        report(&house, &bounce("Permanent", &format!("Anna <{}>", person.email().to_uppercase()))).await.expect(204);
    }
    let (welcome, code) = (house.jobs(&person).await.remove(0), code_to(&person.email()));
    for job in [&welcome, &code] {
        assert_eq!(house.send(&world, job).await, Outcome::Done);
    }
    assert_eq!(provider.accepted().len(), 1);
    assert_eq!(house.deliveries(&person).await, [("welcome".to_owned(), "suppressed".to_owned())]);
    clock.advance(Duration::days(31));
    assert_eq!(house.send(&world, &code_to(&person.email())).await, Outcome::Done);
    assert_eq!(provider.accepted().len(), 2);
}

#[tokio::test]
async fn whoever_called_us_spam_gets_the_codes_they_ask_for_and_nothing_else() {
    let (provider, house) = Provider::serve(House::start().await);
    let person = house.person().await;
    report(&house, &complaint(&person.email())).await.expect(204);
    report(&house, &bounce("Transient", &person.email())).await.expect(204);
    let (world, clock) = World::replay(World::system().now() + Duration::days(400), 1);
    assert_eq!(house.send(&world, &house.jobs(&person).await[0]).await, Outcome::Done);
    assert_eq!(provider.accepted().len(), 0);
    clock.advance(Duration::days(1));
    assert_eq!(house.send(&world, &code_to(&person.email())).await, Outcome::Done);
    assert_eq!(provider.accepted().len(), 1);
}

#[tokio::test]
async fn a_forged_report_is_refused_before_it_is_read() {
    let house = House::start().await;
    let (key, good) = (key(&house).await, bounce("Permanent", "anna@example.com"));
    let post = || house.app.post(PATH, &good);
    for call in [
        post(),
        post().header(HEADER, ""),
        post().header(HEADER, &key[1..]),
        post().header(HEADER, &key.to_lowercase()),
        post().header(HEADER, &key).header(HEADER, &key),
        house.app.post(PATH, &json!({})),
        house.app.call("POST".parse().unwrap(), PATH).bytes("<xml/>"),
    ] {
        call.send().await.expect_problem(400, "invalid_signature");
    }
    let kept: i64 =
        sqlx::query_scalar("select count(*) from suppressions").fetch_one(&house.service.pool()).await.unwrap();
    assert_eq!(kept, 0);
    for (body, status, code) in [
        (json!({}), 422, "invalid_request"),
        (json!({ "detail": { "eventType": "Bounce" } }), 422, "invalid_request"),
        (json!([1]), 422, "invalid_request"),
    ] {
        report(&house, &body).await.expect_problem(status, code);
    }
    // What nobody here acts on is taken nevertheless.
    let opened =
        json!({ "detail": { "eventType": "Open", "mail": { "tags": {} }, "open": { "ipAddress": "192.0.2.1" } } });
    report(&house, &opened).await.expect(204);
}

#[tokio::test]
async fn without_the_secret_nothing_is_believed() {
    let house = House::start().await;
    let absent = manifest::env::secret("email-events-key");
    let app = house.service.with(&absent, "no-such-secret").app(notification::operations::routes);
    let answer = app.post(PATH, &bounce("Permanent", "anna@example.com")).header(HEADER, "").send().await;
    answer.expect_problem(503, "temporarily_unavailable");
}

#[tokio::test]
async fn a_mail_that_nobody_knew_of_is_known_when_the_provider_tells_of_it() {
    let (provider, house) = Provider::serve(House::start().await);
    let person = house.person().await;
    let job = house.jobs(&person).await.remove(0);
    provider.fall_mute(true);
    assert_eq!(house.send(&World::system(), &job).await, Outcome::Done);
    provider.fall_mute(false);
    assert_eq!(house.deliveries(&person).await, [("welcome".to_owned(), "unknown".to_owned())]);
    assert_eq!(house.send(&World::system(), &job).await, Outcome::Done);
    let id = job["message_id"].as_str().unwrap();
    assert_eq!(provider.count(id), 1, "a welcome is not sent twice");
    let mail = json!({ "commonHeaders": { "messageId": format!("<{id}@example.com>") } });
    for _ in 0..2 {
        report(&house, &json!({ "detail": { "eventType": "Delivery", "mail": mail } })).await.expect(204);
    }
    assert_eq!(house.deliveries(&person).await, [("welcome".to_owned(), "sent".to_owned())]);
}
