use events::{Event, Outcome};
use kernel::World;
use proto::catalog::TitleChanged;
use stores::{Table, aws_sdk_dynamodb::types::AttributeValue};

use crate::fixture::{Film, Fixture, Person, entitlements, no_entitlements};

/// A permutation with duplicates: every event at least once, in any order.
fn jumbled(events: &[Event]) -> Vec<Event> {
    let world = World::system();
    let mut jumbled: Vec<Event> = events.iter().chain(events.iter()).cloned().collect();
    for place in (1..jumbled.len()).rev() {
        jumbled.swap(place, world.below(place as u32 + 1) as usize);
    }
    let mut kept: Vec<Event> = Vec::new();
    for event in jumbled {
        if !kept.contains(&event) || world.below(2) == 0 {
            kept.push(event);
        }
    }
    kept
}

async fn stored(fixture: &Fixture, pk: String, sk: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
    let table = Table::new(fixture.service.aws(), fixture.service.var("TABLE_PLAYBACK"));
    let request = table.client.get_item().table_name(&table.name).consistent_read(true);
    let request = request.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk.to_owned()));
    let mut item = request.send().await.unwrap().item?;
    item.remove("pk");
    item.remove("sk");
    Some(item)
}

#[tokio::test]
async fn entitlements_end_the_same_in_any_order_and_number() {
    let fixture = Fixture::new().await;
    let mut expected = None;
    for _ in 0..25 {
        let person = Person::new();
        let mut events: Vec<_> = (1..6).map(|n| entitlements(person.account, i64::from(n), n, 1080)).collect();
        for event in &mut events {
            event.data["valid_to"] = "2030-01-01T00:00:00Z".into();
            event.data["grace_to"] = "2030-01-04T00:00:00Z".into();
        }
        events.insert(2, no_entitlements(person.account, 6));
        for event in jumbled(&events) {
            assert_eq!(fixture.project_grant(event).await, Outcome::Done);
        }
        let state = stored(&fixture, format!("account#{}", person.account), "grant").await.unwrap();
        assert_eq!(expected.get_or_insert(state.clone()), &state);
        assert_eq!(state["sequence"], AttributeValue::N("6".to_owned()));
    }
}

#[tokio::test]
async fn titles_end_the_same_in_any_order_and_number() {
    let fixture = Fixture::new().await;
    let asset = World::system().id();
    let mut expected = None;
    for _ in 0..25 {
        let film = Film { asset, ..Film::new() };
        let states = ["draft", "scheduled", "published", "withdrawn", "published"];
        let numbered = (1..).zip(states);
        let events: Vec<_> = numbered
            .map(|(sequence, publication)| {
                film.changed(sequence, &TitleChanged { publication: publication.to_owned(), ..film.published() })
            })
            .collect();
        for event in jumbled(&events) {
            assert_eq!(fixture.project_title(event).await, Outcome::Done);
        }
        let state = stored(&fixture, format!("title#{}", film.title), "rules").await.unwrap();
        assert_eq!(expected.get_or_insert(state.clone()), &state);
        assert_eq!(state["sequence"], AttributeValue::N("5".to_owned()));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_and_an_engine_that_is_down_is_tried_again() {
    use events::Consumer;
    let fixture = Fixture::new().await;
    let film = Film::new();
    let wrong = film.changed(1, &TitleChanged { publication: "secret".to_owned(), ..film.published() });
    assert!(matches!(fixture.project_title(wrong).await, Outcome::Poison(_)));
    let mut wrong = entitlements(Person::new().account, 1, 1, 1080);
    wrong.data["account_id"] = "nobody".into();
    assert!(matches!(fixture.project_grant(wrong).await, Outcome::Poison(_)));
    let boot = runtime::Boot::new(fixture.service.vars().clone().set("TABLE_PLAYBACK", "no-such-table"));
    let titles = streaming::operations::consumers::project_titles(&boot).unwrap();
    let outcome = titles.consume(film.changed(1, &film.published()), &crate::fixture::unlimited()).await;
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
    let grants = streaming::operations::consumers::project_grants(&boot).unwrap();
    let outcome = grants.consume(entitlements(Person::new().account, 1, 1, 1080), &crate::fixture::unlimited()).await;
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
}
