//! Profiles under duplication and in any order.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{AccountId, ProfileId, World};
use proto::{
    types,
    user::{ProfileChanged, ProfileSecretChanged},
};
use serde_json::{Value, json};

use crate::stage::Stage;

fn history(world: &World, profile: ProfileId, account: AccountId) -> Vec<Event> {
    let mut events = Vec::new();
    for sequence in 1..=5u32 {
        let state = ProfileChanged {
            profile_id: profile.to_string(),
            account_id: account.to_string(),
            locale: if sequence % 2 == 0 { "ru" } else { "en" }.into(),
            max_rating: sequence * 3,
            is_default: sequence > 2,
            has_pin: sequence >= 2,
            deleted: sequence == 4,
            ..Default::default()
        };
        events.push(Event::new(world, types::PROFILE_CHANGED, profile, sequence.into(), &state));
    }
    for sequence in [2u32, 4] {
        let state = ProfileSecretChanged {
            profile_id: profile.to_string(),
            account_id: account.to_string(),
            pin_digest: format!(
                "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA${}",
                "A".repeat(42) + &sequence.to_string()
            ),
        };
        events.push(Event::new(world, types::PROFILE_SECRET_CHANGED, profile, sequence.into(), &state));
    }
    events
}

async fn state(stage: &Stage, profile: ProfileId) -> Value {
    sqlx::query_scalar("select to_jsonb(profiles) - 'id' - 'account_id' from profiles where id = $1")
        .bind(profile.to_string())
        .fetch_one(&stage.service.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn any_order_with_any_duplicates_gives_the_same_state() {
    let stage = Stage::start().await;
    let world = &stage.world;
    let consumer = auth::operations::consumers::project_profiles(&stage.boot()).unwrap();
    let mut expected = None;
    for round in 0..40 {
        let (profile, account) = (world.id::<ProfileId>(), world.id::<AccountId>());
        let mut events = history(world, profile, account);
        if round > 0 {
            // In order the first time, then doubled and shuffled.
            events.extend(events.clone());
            for at in (1..events.len()).rev() {
                events.swap(at, usize::try_from(world.below(u32::try_from(at).unwrap() + 1)).unwrap());
            }
        }
        let outcomes = consumer.consume_all(events, &Deadline::unlimited(world.clone())).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
        let state = state(&stage, profile).await;
        assert_eq!(state["sequence"], 5);
        assert_eq!(expected.get_or_insert_with(|| state.clone()), &state);
    }
    assert_eq!(expected.unwrap()["secret_sequence"], json!(4));
}

#[tokio::test]
async fn a_profile_never_changes_its_account() {
    let stage = Stage::start().await;
    let world = &stage.world;
    let (profile, owner, thief) = (world.id::<ProfileId>(), world.id(), world.id());
    for event in history(world, profile, owner) {
        stage.project(event).await;
    }
    let before = state(&stage, profile).await;
    for mut event in history(world, profile, thief) {
        event.sequence += 100;
        assert_eq!(stage.project(event).await, Outcome::Done);
    }
    assert_eq!(state(&stage, profile).await, before);
}

#[tokio::test]
async fn what_cannot_be_a_profile_is_poison_and_other_events_are_nothing() {
    let stage = Stage::start().await;
    let world = &stage.world;
    let good = history(world, world.id(), world.id()).remove(0);
    for (name, value) in [
        ("profile_id", json!("prf_1")),
        ("account_id", json!("")),
        ("max_rating", json!(19)),
        ("max_rating", json!("many")),
    ] {
        let mut event = good.clone();
        event.data[name] = value;
        assert!(matches!(stage.project(event).await, Outcome::Poison(_)), "{name}");
    }
    let mut secret = history(world, world.id(), world.id()).pop().unwrap();
    secret.data["pin_digest"] = json!("1234");
    assert!(matches!(stage.project(secret).await, Outcome::Poison(_)));
    let other = Event::new(world, types::REFRESH_REUSED, "x", 1, &proto::auth::RefreshReused::default());
    assert_eq!(stage.project(other).await, Outcome::Done);
}

#[tokio::test]
async fn a_database_that_is_down_makes_the_event_come_again() {
    let stage = Stage::with(&[("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing")]).await;
    let event = history(&stage.world, stage.world.id(), stage.world.id()).remove(0);
    assert!(matches!(stage.project(event).await, Outcome::Retry(_)));
}
