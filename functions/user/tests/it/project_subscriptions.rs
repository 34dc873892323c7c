use std::collections::BTreeMap;

use events::{Event, Outcome, Subscription};
use kernel::{AccountId, SubscriptionId, World};
use proto::{payment::SubscriptionChanged, types};
use serde_json::{Value, json};
use time::{Duration, format_description::well_known::Rfc3339};
use user::entitlement::derive;

use crate::home::{Home, Person};

struct Told {
    account: AccountId,
    subscription: SubscriptionId,
    sequence: i64,
    status: &'static str,
    plan: &'static str,
    /// From now on.
    valid_days: i64,
}

impl Told {
    fn new(account: AccountId, sequence: i64, plan: &'static str) -> Self {
        Self { account, subscription: World::system().id(), sequence, status: "active", plan, valid_days: 30 }
    }

    fn event(&self) -> Event {
        let valid_to = World::system().now() + Duration::days(self.valid_days);
        let text = |moment: time::OffsetDateTime| moment.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap();
        let data = SubscriptionChanged {
            account_id: self.account.to_string(),
            subscription_id: self.subscription.to_string(),
            status: self.status.to_owned(),
            plan: self.plan.to_owned(),
            max_streams: self.plan.len() as u32,
            max_height: 1080,
            valid_to: text(valid_to),
            grace_to: text(valid_to + Duration::days(7)),
            ..SubscriptionChanged::default()
        };
        Event::new(&World::system(), types::SUBSCRIPTION_CHANGED, self.subscription, self.sequence, &data)
    }
}

async fn entitlements(home: &Home, person: &Person) -> Value {
    home.app.get("/v1/users/me/entitlements").token(&person.token()).send().await.expect(200)
}

#[tokio::test]
async fn a_plan_is_shown_and_announced_even_before_its_account_is_known() {
    let home = Home::start().await;
    let person = Person::new();
    let told = Told::new(person.account, 1, "standard");
    assert_eq!(home.project_subscription(told.event()).await, Outcome::Done);
    let shown = entitlements(&home, &person).await;
    assert_eq!(
        (&shown["plan"], &shown["max_streams"], &shown["max_height"]),
        (&json!("standard"), &json!(8), &json!(1080))
    );
    let events = home.service.events("domain-events", person.account, 1).await;
    assert_eq!((events[0].kind.as_str(), events[0].sequence), ("cinema.user.entitlements_changed.v1", 1));
    assert_eq!((&events[0].data["plan"], &events[0].data["valid_to"]), (&json!("standard"), &shown["valid_to"]));

    assert_eq!(home.project_account(person.verified(1, "anna@example.com")).await, Outcome::Done);
    assert_eq!(entitlements(&home, &person).await, shown);
}

#[tokio::test]
async fn an_older_event_never_overwrites_and_a_copy_announces_nothing() {
    let home = Home::start().await;
    let person = Person::new();
    let newer = Told { sequence: 5, ..Told::new(person.account, 5, "premium") };
    let event = newer.event();
    let older = Told { sequence: 4, plan: "basic", ..newer };
    for event in [event.clone(), event.clone(), older.event(), event] {
        assert_eq!(home.project_subscription(event).await, Outcome::Done);
    }
    assert_eq!(entitlements(&home, &person).await["plan"], "premium");
    assert_eq!(home.service.events("domain-events", person.account, 1).await.len(), 1);
}

#[tokio::test]
async fn an_ended_subscription_leaves_no_plan_and_a_new_one_counts_at_once() {
    let home = Home::start().await;
    let person = Person::new();
    let first = Told::new(person.account, 7, "standard");
    let ended = Told {
        sequence: 8,
        status: "ended",
        ..Told { subscription: first.subscription, ..Told::new(person.account, 8, "standard") }
    };
    for event in [first.event(), ended.event()] {
        assert_eq!(home.project_subscription(event).await, Outcome::Done);
    }
    let none = entitlements(&home, &person).await;
    assert_eq!((&none["plan"], &none["max_streams"], &none["max_height"]), (&Value::Null, &json!(0), &json!(0)));
    let events = home.service.events("domain-events", person.account, 2).await;
    assert_eq!((&events[1].data["plan"], events[1].sequence), (&json!(""), 2));
    assert!(!events[1].data["valid_to"].as_str().unwrap().is_empty());

    // Its version is lower than the ended one's, but it is another subscription.
    let second = Told::new(person.account, 1, "basic");
    assert_eq!(home.project_subscription(second.event()).await, Outcome::Done);
    assert_eq!(entitlements(&home, &person).await["plan"], "basic");
}

#[tokio::test]
async fn behind_billing_the_last_known_counts_until_its_grace_is_over() {
    let home = Home::start().await;
    let (in_grace, over) = (Person::new(), Person::new());
    for (person, valid_days) in [(&in_grace, -6), (&over, -8)] {
        let told = Told { valid_days, status: "past_due", ..Told::new(person.account, 1, "standard") };
        assert_eq!(home.project_subscription(told.event()).await, Outcome::Done);
    }
    assert_eq!(entitlements(&home, &in_grace).await["plan"], "standard");
    let ended = entitlements(&home, &over).await;
    assert_eq!((&ended["plan"], ended["valid_to"].is_string()), (&Value::Null, true));
}

#[tokio::test]
async fn copies_and_order_do_not_matter() {
    let home = Home::start().await;
    let statuses = ["trialing", "active", "past_due", "cancelled", "ended"];
    let plans = ["basic", "standard", "premium"];
    for round in 0..30 {
        let (world, _) = World::replay(World::system().now(), round);
        let pick = |items: &[&'static str]| items[world.below(items.len() as u32) as usize];
        let person = Person::new();
        let mut events = Vec::new();
        for _ in 0..=world.below(3) {
            let subscription = world.id();
            for sequence in 1..=i64::from(world.below(4)) + 1 {
                let (status, plan) = (pick(&statuses), pick(&plans));
                let valid_days = i64::from(world.below(60)) - 20;
                let told = Told { account: person.account, subscription, sequence, status, plan, valid_days };
                events.push(told.event());
            }
        }
        // The newest state of each subscription, by plain arithmetic.
        let mut newest: BTreeMap<String, &Event> = BTreeMap::new();
        for event in &events {
            newest.insert(event.subject.clone(), event);
        }
        let newest: Vec<Subscription> = newest.values().map(|event| Subscription::read(event).unwrap()).collect();
        let expected = derive(&newest).unwrap();

        let mut disturbed = events.clone();
        disturbed.extend(events.iter().filter(|_| world.below(2) == 0).cloned());
        for at in (1..disturbed.len()).rev() {
            disturbed.swap(at, world.below(at as u32 + 1) as usize);
        }
        for event in disturbed {
            assert_eq!(home.project_subscription(event).await, Outcome::Done);
        }
        let row: (String, i32, time::OffsetDateTime, time::OffsetDateTime) =
            sqlx::query_as("select plan, max_streams, valid_to, grace_to from entitlements where account_id = $1")
                .bind(person.account.to_string())
                .fetch_one(&home.service.pool())
                .await
                .unwrap();
        let streams = i32::try_from(expected.max_streams).unwrap();
        assert_eq!(row, (expected.plan, streams, expected.valid_to, expected.grace_to), "round {round}");
    }
}

#[tokio::test]
async fn the_last_announcement_is_the_state_under_parallel_events() {
    let home = Home::start().await;
    let person = Person::new();
    let base = Told::new(person.account, 1, "basic");
    let told: Vec<Event> = (1..=8)
        .map(|sequence| {
            let plan = ["basic", "standard", "premium"][sequence as usize % 3];
            Told { sequence, plan, subscription: base.subscription, ..Told::new(person.account, sequence, plan) }
                .event()
        })
        .collect();
    let outcomes = futures::future::join_all(told.into_iter().map(|event| home.project_subscription(event))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    let shown = entitlements(&home, &person).await;
    assert_eq!(shown["plan"], "premium");
    let events = home.service.events("domain-events", person.account, 1).await;
    let last = events.iter().max_by_key(|event| event.sequence).unwrap();
    assert_eq!(last.data["plan"], shown["plan"]);
    let distinct: std::collections::BTreeSet<_> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(distinct.len(), events.len());
}

#[tokio::test]
async fn what_is_no_subscription_is_poison_and_a_database_that_is_down_is_not() {
    let home = Home::start().await;
    let person = Person::new();
    let mut event = Told::new(person.account, 1, "standard").event();
    event.data["status"] = json!("frozen");
    assert!(matches!(home.project_subscription(event).await, Outcome::Poison(_)));
    assert_eq!(entitlements(&home, &person).await["plan"], Value::Null);
    let service = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let home = Home { service, ..home };
    let event = Told::new(person.account, 1, "standard").event();
    assert!(matches!(home.project_subscription(event).await, Outcome::Retry(_)));
}
