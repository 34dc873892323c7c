//! What the table holds of a person is copied for them, goes, and does not come back.

use events::{Consumer, Erasure, Event, Outcome};
use kernel::{ErasureId, ExportId, PlaybackId, World};
use proto::{types, user::ExportRequested};
use serde_json::{Value, json};
use stores::Bucket;

use crate::fixture::{Fixture, Person, deadline, playback};

fn erased(erasure: ErasureId, person: &Person) -> Event {
    let world = World::system();
    let erasure = Erasure { id: erasure, account: person.account, profiles: vec![person.profile] };
    erasure.receipt(&world, types::USER_ACCOUNT_ERASED, 1, world.now())
}

async fn erase(fixture: &Fixture, event: Event) -> Outcome {
    recommendation::operations::consumers::erase_account(&fixture.boot()).unwrap().consume(event, &deadline()).await
}

/// Whether any item holds the text.
async fn is_found(fixture: &Fixture, needle: &str) -> bool {
    let table = fixture.table();
    let items = table.client.scan().table_name(&table.name).into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await.unwrap();
    items.iter().any(|item| format!("{item:?}").contains(needle))
}

async fn somebody(fixture: &Fixture) -> (Person, kernel::TitleId) {
    let films = fixture.films(5).await;
    let person = Person::new();
    fixture.watch(&person, films[0], 0.95, 1).await;
    let token = fixture.present(person.token());
    for (path, body) in [
        ("feedback", json!({ "title_id": films[1], "feedback": "dislike" })),
        ("onboarding", json!({ "title_ids": [films[2]], "genres": ["noir"] })),
    ] {
        fixture.app.post(&format!("/v1/recommendations/{path}"), &body).token(&token).send().await.expect(204);
    }
    fixture.home(&fixture.app, &person).await;
    (person, films[0])
}

#[tokio::test]
async fn a_person_is_forgotten_and_late_news_change_nothing() {
    let fixture = Fixture::alone().await;
    let (person, title) = somebody(&fixture).await;
    let other = Person::new();
    fixture.watch(&other, title, 0.95, 1).await;
    let erasure: ErasureId = World::system().id();
    let event = erased(erasure, &person);
    assert_eq!(erase(&fixture, event.clone()).await, Outcome::Done);
    assert_eq!(erase(&fixture, event).await, Outcome::Done);
    let session: PlaybackId = fixture.world.id();
    let late = playback(&person, title, session, 1, 3_000.0, fixture.world.now());
    assert_eq!(fixture.tell(late).await, Outcome::Done);
    let token = fixture.present(person.token());
    let body = json!({ "title_id": title, "feedback": "like" });
    fixture.app.post("/v1/recommendations/feedback", &body).token(&token).send().await.expect(204);
    fixture.home(&fixture.app, &person).await;
    for needle in [person.account.to_string(), person.profile.to_string()] {
        assert!(!is_found(&fixture, &needle).await, "{needle}");
    }
    assert!(is_found(&fixture, &other.profile.to_string()).await);
    let receipts = fixture.service.events("domain-events", erasure, 2).await;
    assert!(receipts.iter().all(|receipt| receipt.kind == types::RECOMMENDATION_ACCOUNT_ERASED));
    let records: Vec<&Value> = receipts.iter().map(|receipt| &receipt.data["records"]).collect();
    // A viewing, a verdict, the choices and a page.
    assert_eq!(records, [&json!("4"), &json!("4")], "the repetition says the same");
}

#[tokio::test]
async fn a_copy_holds_everything_and_nobody_elses() {
    let fixture = Fixture::alone().await;
    let (person, title) = somebody(&fixture).await;
    let export: ExportId = fixture.world.id();
    let data = ExportRequested {
        export_id: export.to_string(),
        account_id: person.account.to_string(),
        profile_ids: vec![person.profile.to_string()],
        ..ExportRequested::default()
    };
    let event = Event::new(&fixture.world, types::EXPORT_REQUESTED, export, 1, &data);
    let consumer = recommendation::operations::consumers::export_account(&fixture.boot()).unwrap();
    assert_eq!(consumer.consume(event.clone(), &deadline()).await, Outcome::Done);
    let exports = Bucket::new(fixture.service.aws(), fixture.service.var("BUCKET_EXPORTS"));
    let key = format!("{export}/recommendation.json");
    let copy: Value = serde_json::from_slice(&exports.get(&key).await.unwrap().unwrap()).unwrap();
    let profile = &copy["profiles"][0];
    assert_eq!(profile["profile_id"], json!(person.profile));
    assert_eq!(profile["watched"][0]["title_id"], json!(title));
    assert_eq!(profile["feedback"][0]["feedback"], "dislike");
    assert_eq!(profile["chosen"]["genres"], json!(["noir"]));
    assert_eq!(profile["pages_of_the_last_week"].as_array().unwrap().len(), 1);
    exports.delete(&key).await.unwrap();
    assert_eq!(erase(&fixture, erased(World::system().id(), &person)).await, Outcome::Done);
    assert_eq!(consumer.consume(event, &deadline()).await, Outcome::Done);
    assert!(exports.get(&key).await.unwrap().is_none(), "somebody who was erased gets no copy");
}
