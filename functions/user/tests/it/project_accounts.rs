use events::{Event, Outcome};
use kernel::World;
use serde_json::json;

use crate::home::{Home, Person};

type Rows = Vec<(String, String, String, i64)>;

async fn state(home: &Home) -> (Rows, Vec<(String, String, bool)>) {
    let pool = home.service.pool();
    let accounts = "select id, email, default_profile_id, sequence from accounts order by id";
    let profiles = "select id, account_id, is_default from profiles order by id";
    let accounts = sqlx::query_as(accounts).fetch_all(&pool).await.unwrap();
    (accounts, sqlx::query_as(profiles).fetch_all(&pool).await.unwrap())
}

#[tokio::test]
async fn the_default_profile_is_announced_once() {
    let home = Home::start().await;
    let person = Person::new();
    let event = person.verified(1, "anna@example.com");
    for _ in 0..3 {
        assert_eq!(home.project_account(event.clone()).await, Outcome::Done);
    }
    let events = home.service.events("domain-events", person.profile, 1).await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].kind.as_str(), events[0].sequence), ("cinema.user.profile_changed.v1", 1));
    assert_eq!((&events[0].data["is_default"], &events[0].data["locale"]), (&json!(true), &json!("ru")));
    assert_eq!(events[0].data["account_id"], person.account.to_string());
}

#[tokio::test]
async fn a_new_address_is_taken_over_and_the_rest_stays() {
    let home = Home::start().await;
    for is_reversed in [false, true] {
        let person = Person::new();
        let mut newer = person.verified(2, "new@example.com");
        newer.data["verified_at"] = json!("2026-05-05T12:00:00Z");
        let mut events = [person.verified(1, "old@example.com"), newer];
        if is_reversed {
            events.reverse();
        }
        for event in events.iter().cycle().take(4) {
            assert_eq!(home.project_account(event.clone()).await, Outcome::Done);
        }
        let account = home.app.get("/v1/users/me").token(&person.token()).send().await.expect(200);
        assert_eq!(account["email"], "new@example.com");
        assert_eq!(account["created_at"], "2026-01-01T12:00:00Z", "of the first verification");
    }
}

#[tokio::test]
async fn copies_and_order_do_not_matter() {
    let home = Home::start().await;
    for round in 0..24 {
        let (world, _) = World::replay(World::system().now(), round);
        let person = Person::new();
        let newest = format!("new-{round}@example.com");
        let mut events: Vec<Event> = vec![person.verified(1, "old@example.com"), person.verified(2, &newest)];
        for _ in 0..world.below(4) {
            events.push(events[world.below(2) as usize].clone());
        }
        for at in (1..events.len()).rev() {
            events.swap(at, world.below(at as u32 + 1) as usize);
        }
        for event in events {
            assert_eq!(home.project_account(event).await, Outcome::Done);
        }
        let (accounts, profiles) = state(&home).await;
        let id = person.account.to_string();
        let account = accounts.iter().find(|row| row.0 == id).unwrap();
        assert_eq!(account, &(id.clone(), newest, person.profile.to_string(), 2));
        let own: Vec<_> = profiles.iter().filter(|row| row.1 == id).collect();
        assert_eq!(own, [&(person.profile.to_string(), id.clone(), true)]);
    }
}

#[tokio::test]
async fn what_is_no_account_is_poison_and_a_database_that_is_down_is_not() {
    let home = Home::start().await;
    let mut event = Person::new().verified(1, "anna@example.com");
    event.data["account_id"] = json!("nobody");
    assert!(matches!(home.project_account(event).await, Outcome::Poison(_)));
    let service = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let home = Home { service, ..home };
    let event = Person::new().verified(1, "anna@example.com");
    assert!(matches!(home.project_account(event).await, Outcome::Retry(_)));
}
