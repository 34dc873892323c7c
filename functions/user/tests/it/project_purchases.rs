use events::{Event, Outcome};
use kernel::{AccountId, Id, PurchaseId, TitleId, World};
use proto::{
    payment::{PurchaseChanged, SubscriptionChanged},
    types,
};
use serde_json::{Value, json};

use crate::home::{Home, Person};

#[derive(Clone)]
struct Told {
    account: AccountId,
    purchase: PurchaseId,
    title: TitleId,
    sequence: i64,
    kind: &'static str,
    status: &'static str,
    valid_to: &'static str,
}

impl Told {
    fn rent(account: AccountId, title: &str) -> Self {
        let (purchase, title) = (World::system().id(), TitleId::derived(title));
        Self { account, purchase, title, sequence: 2, kind: "rent", status: "active", valid_to: "2126-02-01T00:00:00Z" }
    }

    fn buy(account: AccountId, title: &str) -> Self {
        Self { kind: "buy", valid_to: "", ..Self::rent(account, title) }
    }

    fn event(&self) -> Event {
        let data = PurchaseChanged {
            account_id: self.account.to_string(),
            purchase_id: self.purchase.to_string(),
            title_id: self.title.to_string(),
            kind: self.kind.to_owned(),
            status: self.status.to_owned(),
            valid_to: self.valid_to.to_owned(),
        };
        Event::new(&World::system(), types::PURCHASE_CHANGED, self.purchase, self.sequence, &data)
    }
}

async fn titles(home: &Home, person: &Person) -> Vec<(String, Value)> {
    let held = home.app.get("/v1/users/me/entitlements").token(&person.token()).send().await.expect(200);
    let titles = held["titles"].as_array().unwrap();
    titles.iter().map(|title| (title["kind"].as_str().unwrap().to_owned(), title["valid_to"].clone())).collect()
}

async fn told(home: &Home, person: &Person, count: usize) -> Vec<Event> {
    home.service.events("domain-events", person.account, count).await
}

#[tokio::test]
async fn a_title_is_shown_and_announced_beside_the_plan() {
    let home = Home::start().await;
    let person = Person::new();
    let rented = Told::rent(person.account, "film");
    assert_eq!(home.project_purchase(rented.event()).await, Outcome::Done);
    assert_eq!(titles(&home, &person).await, [("rent".to_owned(), json!("2126-02-01T00:00:00Z"))]);
    let first = told(&home, &person, 1).await[0].clone();
    let grant =
        json!({"title_id": rented.title, "purchase_id": rented.purchase, "kind": "rent", "valid_to": rented.valid_to});
    assert_eq!((first.sequence, &first.data["plan"], &first.data["titles"]), (1, &json!(""), &json!([grant])));

    // A plan that begins or ends leaves the titles as they are, and the other way round.
    let subscription: kernel::SubscriptionId = World::system().id();
    let data = SubscriptionChanged {
        account_id: person.account.to_string(),
        subscription_id: subscription.to_string(),
        status: "active".into(),
        plan: "standard".into(),
        max_streams: 2,
        max_height: 1080,
        valid_to: "2126-01-01T00:00:00Z".into(),
        grace_to: String::new(),
        ..Default::default()
    };
    let event = Event::new(&World::system(), types::SUBSCRIPTION_CHANGED, subscription, 1, &data);
    assert_eq!(home.project_subscription(event).await, Outcome::Done);
    let ended = Told { sequence: 3, status: "ended", ..rented };
    assert_eq!(home.project_purchase(ended.event()).await, Outcome::Done);
    let events = told(&home, &person, 3).await;
    let both: Vec<_> = events
        .iter()
        .map(|event| (event.data["plan"].clone(), event.data["titles"].as_array().unwrap().len()))
        .collect();
    assert_eq!(both, [(json!(""), 1), (json!("standard"), 1), (json!("standard"), 0)]);
    assert_eq!(titles(&home, &person).await, []);
}

#[tokio::test]
async fn copies_and_order_do_not_matter() {
    let home = Home::start().await;
    let mut states = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let person = Person::new();
        let rental = Told::rent(person.account, "film");
        let begun = Told { sequence: 3, valid_to: "2126-01-05T00:00:00Z", ..rental.clone() };
        let bought = Told::buy(person.account, "other");
        let given_back = Told { sequence: 3, status: "ended", ..Told::buy(person.account, "third") };
        let events = [rental.event(), begun.event(), bought.event(), given_back.event()];
        for at in order {
            for _ in 0..2 {
                assert_eq!(home.project_purchase(events[at].clone()).await, Outcome::Done);
            }
        }
        let mut state = titles(&home, &person).await;
        state.sort_by_key(|(kind, _)| kind.clone());
        states.push(state);
    }
    let expected = vec![("buy".to_owned(), Value::Null), ("rent".to_owned(), json!("2126-01-05T00:00:00Z"))];
    assert!(states.iter().all(|state| *state == expected), "{states:?}");
}

#[tokio::test]
async fn what_is_over_is_not_shown_and_what_has_no_end_but_should_is_poison() {
    let home = Home::start().await;
    let person = Person::new();
    let over = Told { valid_to: "2020-01-01T00:00:00Z", ..Told::rent(person.account, "film") };
    assert_eq!(home.project_purchase(over.event()).await, Outcome::Done);
    assert_eq!(titles(&home, &person).await, []);
    for odd in [
        Told { valid_to: "", ..over.clone() },
        Told { kind: "lend", ..over.clone() },
        Told { status: "pending", ..over.clone() },
    ] {
        assert!(matches!(home.project_purchase(odd.event()).await, Outcome::Poison(_)));
    }
}
