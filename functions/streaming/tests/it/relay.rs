use std::collections::HashMap;

use events::{Consumer, Event, Outcome};
use kernel::{PurchaseId, PurchaseKind, policy::TitleGrant};
use proto::{streaming::Playback, types};
use runtime::{Boot, answer_dynamodb};
use serde_json::{Value, json};
use stores::{Table, aws_sdk_dynamodb::types::AttributeValue};
use testkit::titles;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::fixture::{Film, Fixture, Person, id, unlimited};

/// An item as a table's stream writes it.
fn image(item: &HashMap<String, AttributeValue>) -> Value {
    item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<serde_json::Map<_, _>>().into()
}

fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::Null(flag) => json!({ "NULL": flag }),
        AttributeValue::M(map) => json!({ "M": image(map) }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() }),
        other => panic!("{other:?} is not used here"),
    }
}

/// Follows one session through the table and writes down what its stream would say.
pub struct Witness<'a> {
    fixture: &'a Fixture,
    pub session: String,
    last: Option<Value>,
    pub records: Vec<Value>,
}

impl<'a> Witness<'a> {
    pub async fn new(fixture: &'a Fixture, session: String) -> Self {
        let mut witness = Self { fixture, session, last: None, records: Vec::new() };
        witness.look().await;
        witness
    }

    pub async fn look(&mut self) {
        let table = Table::new(self.fixture.service.aws(), self.fixture.service.var("TABLE_PLAYBACK"));
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let request = table.client.get_item().table_name(&table.name).consistent_read(true);
        let request = request.key("pk", text(&format!("session#{}", self.session))).key("sk", text("session"));
        let now = request.send().await.unwrap().item.map(|item| image(&item));
        self.record(now);
    }

    pub fn record(&mut self, now: Option<Value>) {
        let mut change = json!({ "SequenceNumber": format!("{:020}", self.records.len() + 1), "SizeBytes": 500, "StreamViewType": "NEW_AND_OLD_IMAGES" });
        let name = match (&self.last, &now) {
            (None, _) => "INSERT",
            (_, None) => "REMOVE",
            _ => "MODIFY",
        };
        for (field, image) in [("OldImage", &self.last), ("NewImage", &now)] {
            if let Some(image) = image {
                change[field] = image.clone();
            }
        }
        self.records
            .push(json!({ "eventID": "1", "eventName": name, "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1", "dynamodb": change }));
        self.last = now;
    }
}

pub async fn relay(fixture: &Fixture, records: &[Value]) -> Value {
    let consumer = streaming::operations::consumers::relay_sessions(&fixture.service.boot()).unwrap();
    let batch = serde_json::from_value(json!({ "Records": records })).unwrap();
    serde_json::to_value(answer_dynamodb(&consumer, batch, &unlimited()).await).unwrap()
}

fn data(event: &Event) -> Playback {
    event.data().unwrap()
}

#[tokio::test]
async fn a_session_is_told_from_start_to_stop_and_again_with_the_same_ids() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    let mut witness = Witness::new(&fixture, session.clone()).await;
    for (position, state) in [(28.5, "playing"), (30.0, "paused")] {
        fixture.seconds(30);
        fixture.beat(&person, &session, &json!({ "position": position, "state": state })).await.expect(200);
        witness.look().await;
    }
    fixture.stop(&person, &session).await;
    witness.look().await;
    witness.record(None);
    assert_eq!(relay(&fixture, &witness.records).await, json!({ "batchItemFailures": [] }));
    // Redelivery, whole and in part.
    relay(&fixture, &witness.records[1..]).await;

    let told = fixture.service.events("playback-events", &session, 7).await;
    assert_eq!(told.len(), 7, "the removal of an ended session is no news");
    let kinds: Vec<_> = told.iter().take(4).map(|event| event.kind.as_str()).collect();
    let expected =
        [types::PLAYBACK_STARTED, types::PLAYBACK_PROGRESSED, types::PLAYBACK_PROGRESSED, types::PLAYBACK_STOPPED];
    assert_eq!(kinds, expected);
    assert_eq!(told[4..], told[1..4], "the same events, with the same ids");
    assert_eq!(told.iter().take(4).map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let paused = data(&told[2]);
    assert_eq!((paused.state.as_str(), paused.position_seconds, paused.watched_seconds), ("paused", 30.0, 30.0));
    assert_eq!((paused.account_id, paused.profile_id), (person.account.to_string(), person.profile.to_string()));
    assert_eq!((paused.title_id, paused.asset_id), (film.title.to_string(), film.asset.to_string()));
    assert_eq!((paused.device_id.as_str(), paused.territory.as_str(), paused.duration_seconds), ("tv", "DE", 600.0));
    assert_eq!(data(&told[3]).state, "stopped");
}

/// Somebody without a plan who has paid for a film by itself.
async fn paid_for(fixture: &Fixture, film: &Film, kind: PurchaseKind) -> (Person, PurchaseId) {
    let (person, purchase) = (Person::new(), fixture.world.id());
    let valid_to = (kind == PurchaseKind::Rent).then(|| fixture.world.now() + Duration::days(30));
    let grant = TitleGrant { title: film.title, purchase, kind, valid_to };
    let paid = titles::paid(person.account, None, &[grant]);
    let event = Event::new(&fixture.world, types::ENTITLEMENTS_CHANGED, person.account, 1, &paid);
    assert_eq!(fixture.project_grant(event).await, Outcome::Done);
    (person, purchase)
}

#[tokio::test]
async fn the_first_second_of_a_rental_is_told_once_and_of_nothing_else() {
    let fixture = Fixture::new().await;
    let (film, other) = (fixture.film().await, fixture.film().await);
    let (renter, purchase) = paid_for(&fixture, &film, PurchaseKind::Rent).await;
    fixture.try_start(&renter, &other, "tv").await.expect_problem(402, "subscription_required");
    let mut sessions = Vec::new();
    let with_plan = fixture.person(1, 1080).await;
    for person in [renter, paid_for(&fixture, &film, PurchaseKind::Buy).await.0, with_plan] {
        let session = id(&fixture.start(&person, &film, "tv").await);
        let mut witness = Witness::new(&fixture, session.clone()).await;
        for (position, state) in [(0.0, "paused"), (20.0, "playing"), (50.0, "playing")] {
            fixture.seconds(30);
            fixture.beat(&person, &session, &json!({ "position": position, "state": state })).await.expect(200);
            witness.look().await;
        }
        assert_eq!(relay(&fixture, &witness.records).await, json!({ "batchItemFailures": [] }));
        sessions.push((session, witness.records));
    }
    // Redelivered, it is the same event.
    let (session, records) = &sessions[0];
    relay(&fixture, &records[2..]).await;
    let told = fixture.service.events("domain-events", session, 2).await;
    assert_eq!((told.len(), &told[0]), (2, &told[1]));
    let begun = events::RentalBegun::read(&told[0]).unwrap();
    assert_eq!((begun.purchase, begun.title, begun.account), (purchase, film.title, renter.account));
    let playing: Vec<_> = fixture.service.events("playback-events", session, 4).await;
    let reported_at = OffsetDateTime::parse(&data(&playing[2]).at, &Rfc3339).unwrap();
    assert_eq!(reported_at - begun.begun_at, Duration::seconds(20), "20 seconds were played before the report");
    let all = fixture.service.records("domain-events").await;
    let has_clock = |session: &String| all.iter().any(|event| event.subject == *session);
    let clocks: Vec<_> = sessions.iter().map(|(session, _)| has_clock(session)).collect();
    assert_eq!(clocks, [true, false, false], "what was bought and what a plan includes has no clock");
}

#[tokio::test]
async fn what_is_told_continues_the_trace_of_the_request() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let trace = |id: &str| format!("00-{id}-b7ad6b7169203331-01");
    let (started, stopped) = ("0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736");
    let body = json!({ "title_id": film.title, "device_id": "tv" });
    let start = fixture.app.post("/v1/playback/sessions", &body).header("traceparent", &trace(started));
    let session = id(&start.token(&person.token()).send().await.expect(201));
    let mut witness = Witness::new(&fixture, session.clone()).await;
    let stop = fixture.app.delete(&format!("/v1/playback/sessions/{session}")).header("traceparent", &trace(stopped));
    assert_eq!(stop.token(&person.token()).send().await.status, 204);
    witness.look().await;
    relay(&fixture, &witness.records).await;
    let told = fixture.service.events("playback-events", &session, 2).await;
    for (event, trace_id) in told.iter().zip([started, stopped]) {
        let traceparent = event.traceparent.as_deref().unwrap_or_default();
        assert!(traceparent.contains(trace_id), "{}: {traceparent}", event.kind);
    }
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn replaced_expired_and_forgotten_sessions_end_once() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let replaced = id(&fixture.start(&person, &film, "tv").await);
    let mut first = Witness::new(&fixture, replaced.clone()).await;
    let silent = id(&fixture.start(&person, &film, "tv").await);
    first.look().await;
    let mut second = Witness::new(&fixture, silent.clone()).await;
    fixture.seconds(120);
    let forgotten = id(&fixture.start(&person, &film, "phone").await);
    second.look().await;
    let mut third = Witness::new(&fixture, forgotten.clone()).await;
    third.record(None);
    for witness in [&first, &second, &third] {
        relay(&fixture, &witness.records).await;
    }
    for (session, kind, state) in [
        (&replaced, types::PLAYBACK_STOPPED, "stopped"),
        (&silent, types::PLAYBACK_EXPIRED, "expired"),
        (&forgotten, types::PLAYBACK_EXPIRED, "expired"),
    ] {
        let told = fixture.service.events("playback-events", session, 2).await;
        assert_eq!((told.len(), told[1].kind.as_str(), told[1].sequence), (2, kind, 2));
        assert_eq!(data(&told[1]).state, state);
    }
    let expired = fixture.service.events("playback-events", &silent, 2).await;
    let (started, ended) = (expired[0].time, expired[1].time);
    assert_eq!(ended - started, time::Duration::seconds(90), "it ended with its lease, not when somebody noticed");
}

#[tokio::test]
async fn other_items_of_the_table_are_no_sessions() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, fixture.person(1, 1080).await);
    let session = id(&fixture.start(&person, &film, "tv").await);
    fixture.seconds(10);
    fixture.beat(&person, &session, &json!({ "position": 9.0, "state": "playing" })).await.expect(200);
    let table = Table::new(fixture.service.aws(), fixture.service.var("TABLE_PLAYBACK"));
    for (pk, sk) in [
        (format!("account#{}", person.account), "grant".to_owned()),
        (format!("account#{}", person.account), "slots".to_owned()),
        (format!("title#{}", film.title), "rules".to_owned()),
        (format!("profile#{}", person.profile), format!("position#{}", film.title)),
    ] {
        let request = table.client.get_item().table_name(&table.name).consistent_read(true);
        let request = request.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk));
        let item = image(&request.send().await.unwrap().item.unwrap());
        let record = json!({ "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1", "dynamodb": { "SequenceNumber": "1", "SizeBytes": 500, "NewImage": item } });
        assert_eq!(relay(&fixture, &[record]).await, json!({ "batchItemFailures": [] }));
    }
    let all = fixture.service.records("playback-events").await;
    assert!(all.iter().all(|event| data(event).account_id != person.account.to_string()));
}

#[tokio::test]
async fn a_stream_that_is_down_makes_the_batch_come_again() {
    let fixture = Fixture::new().await;
    let (film, person) = (fixture.film().await, Person::new());
    fixture.project_grant(crate::fixture::entitlements(person.account, 1, 1, 1080)).await;
    let session = id(&fixture.start(&person, &film, "tv").await);
    let witness = Witness::new(&fixture, session).await;
    let boot = Boot::new(fixture.service.vars().clone().set("STREAM_PLAYBACK_EVENTS", "no-such-stream"));
    let consumer = streaming::operations::consumers::relay_sessions(&boot).unwrap();
    let batch = serde_json::from_value(json!({ "Records": witness.records })).unwrap();
    let answer = serde_json::to_value(answer_dynamodb(&consumer, batch, &unlimited()).await).unwrap();
    assert_eq!(answer["batchItemFailures"][0]["itemIdentifier"], format!("{:020}", 1));
    let none = consumer.consume_all(vec![], &unlimited()).await;
    assert_eq!(none, Vec::<Outcome>::new());
}
