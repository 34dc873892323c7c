//! Events → what people are told, once.

use events::{Event, Outcome};
use kernel::{PaymentId, PurchaseId, TitleId, World};
use serde_json::{Value, json};
use time::{Duration, macros::datetime};

use crate::{
    crashes::with_copies,
    house::{House, Person},
};

const PAID_TO: &str = "2026-12-24T12:00:00Z";

#[tokio::test]
async fn a_new_account_is_welcomed_once_however_often_its_address_changes() {
    let house = House::start_alone().await;
    let person = house.person().await;
    for event in [person.verified(2, "b@example.com"), person.verified(1, "a@example.com")] {
        assert_eq!(house.route(event).await, Outcome::Done);
    }
    assert_eq!(house.kinds(&person).await, ["welcome"]);
    assert_eq!(house.deliveries(&person).await, [("welcome".to_owned(), "queued".to_owned())]);
    let jobs = house.service.take_messages("email").await;
    assert_eq!(json!(jobs), json!(house.jobs(&person).await));
    let left: i64 = sqlx::query_scalar("select count(*) from outbox").fetch_one(&house.service.pool()).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn each_event_that_matters_has_its_message() {
    let house = House::start().await;
    let person = house.person().await;
    let subscribed = |sequence, status| person.subscribed(sequence, status, PAID_TO);
    for (event, kind) in [
        (subscribed(1, "trialing"), "trial_started"),
        (subscribed(2, "active"), "subscription_active"),
        (subscribed(3, "past_due"), "payment_failed"),
        (subscribed(4, "cancelled"), "subscription_cancelled"),
        (subscribed(5, "ended"), "subscription_ended"),
        (person.reused(), "session_revoked"),
        (person.export(), "data_export_requested"),
    ] {
        for _ in 0..2 {
            assert_eq!(house.route(event.clone()).await, Outcome::Done);
        }
        assert_eq!(house.kinds(&person).await[0], kind);
    }
    assert_eq!((house.kinds(&person).await.len(), house.deliveries(&person).await.len()), (8, 8));
}

#[tokio::test]
async fn a_state_that_was_overtaken_is_not_told_and_another_try_of_a_payment_is_no_news() {
    let house = House::start().await;
    let person = house.person().await;
    for (sequence, status) in [(2, "past_due"), (3, "past_due"), (5, "active"), (4, "past_due"), (1, "trialing")] {
        assert_eq!(house.route(person.subscribed(sequence, status, PAID_TO)).await, Outcome::Done);
    }
    assert_eq!(house.kinds(&person).await, ["subscription_active", "payment_failed", "welcome"]);
}

#[tokio::test]
async fn each_change_of_what_will_happen_to_a_plan_is_told_once_under_copies() {
    let house = House::start().await;
    let person = house.person().await;
    let pause = "2027-01-24T12:00:00Z";
    let states = [
        ("trialing", "standard", "", Some("trial_started")),
        ("trialing", "premium", "", Some("plan_changed")),
        ("cancelled", "premium", "", Some("subscription_cancelled")),
        ("trialing", "premium", "", Some("subscription_resumed")),
        ("cancelled", "premium", "", Some("subscription_cancelled")),
        ("trialing", "premium", "", Some("subscription_resumed")),
        ("active", "premium", "", Some("subscription_active")),
        ("cancelled", "premium", pause, Some("subscription_paused")),
        ("cancelled", "premium", pause, None),
        ("active", "premium", "", Some("subscription_resumed")),
        ("active", "standard", "", Some("plan_changed")),
        ("cancelled", "standard", "", Some("subscription_cancelled")),
    ];
    let mut expected = vec!["welcome"];
    for (sequence, (status, plan, resumes_at, kind)) in (1..).zip(states) {
        let event = person.subscribed_to(sequence, status, plan, resumes_at);
        let copies = futures::future::join_all((0..3).map(|_| house.route(event.clone()))).await;
        assert!(copies.iter().all(|outcome| *outcome == Outcome::Done), "{copies:?}");
        expected.extend(kind);
        let mut kinds = house.kinds(&person).await;
        kinds.reverse();
        assert_eq!(kinds, expected, "after {sequence}");
    }
    assert_eq!(house.deliveries(&person).await.len(), expected.len());
    let jobs = house.jobs(&person).await;
    let paused = jobs.iter().find(|job| !job["subscription_paused"].is_null()).unwrap();
    let days = json!({ "plan": "premium", "until": "2026-12-24", "resumes_on": "2027-01-24" });
    assert_eq!(paused["subscription_paused"], days);
}

#[tokio::test]
async fn in_any_order_the_newest_state_of_a_plan_is_told_and_no_trial_begins_twice() {
    let house = House::start().await;
    for round in 0..16 {
        let (world, _) = World::replay(World::system().now(), round);
        let person = Person::new();
        let events = (1..).zip(["trialing", "cancelled", "trialing", "cancelled", "trialing", "cancelled"]);
        let events = events.map(|(sequence, status)| person.subscribed(sequence, status, PAID_TO)).collect();
        let events = with_copies(&world, events);
        let outcomes: Vec<Outcome> = if round % 2 == 0 {
            let mut outcomes = Vec::new();
            for event in events {
                outcomes.push(house.route(event).await);
            }
            outcomes
        } else {
            futures::future::join_all(events.into_iter().map(|event| house.route(event))).await
        };
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
        let kinds = house.kinds(&person).await;
        assert_eq!(kinds[0], "subscription_cancelled", "{round}: {kinds:?}");
        assert!(kinds.iter().filter(|kind| *kind == "trial_started").count() <= 1, "{round}: {kinds:?}");
        assert!(kinds.windows(2).all(|pair| pair[0] != pair[1]), "{round}: {kinds:?}");
    }
}

#[tokio::test]
async fn what_was_paid_and_given_back_is_told_once_for_a_payment_and_a_sum() {
    let house = House::start().await;
    let person = house.person().await;
    let payment: PaymentId = World::system().id();
    let paid = |sequence, refunded| person.paid(payment, sequence, "succeeded", refunded, true);
    for event in [paid(1, 0), paid(2, 100), paid(4, 400), paid(3, 200), paid(1, 0), paid(5, 400), paid(6, 999)] {
        let copies = futures::future::join_all((0..3).map(|_| house.route(event.clone()))).await;
        assert!(copies.iter().all(|outcome| *outcome == Outcome::Done), "{copies:?}");
    }
    let refund = "payment_refunded";
    assert_eq!(house.kinds(&person).await, [refund, refund, refund, "payment_received", "welcome"]);
    let jobs = house.jobs(&person).await;
    assert_eq!(jobs.len(), 5);
    let receipt =
        json!({ "amount": "9.99 EUR", "description": "Tom & <b>Jerry</b>, rent", "invoice_number": "DE-2026-000042" });
    assert_eq!(jobs[1]["payment_received"], receipt);
    let sums: Vec<&Value> = jobs.iter().map(|job| &job[refund]["refunded"]).filter(|sum| !sum.is_null()).collect();
    assert_eq!(sums, ["1.00 EUR", "4.00 EUR", "9.99 EUR"]);

    // What nothing needed goes back at once: one mail says both.
    let other: PaymentId = World::system().id();
    assert_eq!(house.route(person.paid(other, 1, "succeeded", 999, true)).await, Outcome::Done);
    assert_eq!(house.kinds(&person).await[..2], [refund, refund]);
}

#[tokio::test]
async fn a_payment_that_failed_is_told_where_no_subscription_tells_it() {
    let house = House::start().await;
    let person = house.person().await;
    for is_for_plan in [true, false] {
        let payment: PaymentId = World::system().id();
        for _ in 0..2 {
            assert_eq!(house.route(person.paid(payment, 1, "failed", 0, is_for_plan)).await, Outcome::Done);
        }
    }
    assert_eq!(house.kinds(&person).await, ["payment_declined", "welcome"]);
}

#[tokio::test]
async fn a_single_title_is_told_when_it_is_there_and_when_it_was_given_back() {
    let house = House::start().await;
    let person = house.person().await;
    let until = "2099-12-24T12:00:00Z";
    let new = || -> (PurchaseId, TitleId) { (World::system().id(), World::system().id()) };
    let (rental, bought, over, overtaken) = (new(), new(), new(), new());
    let names = json!({ "en": "Tom & <b>Jerry</b>", "ru": "Том и Джерри", "": "Tom" });
    sqlx::query(
        "insert into titles (id, sequence, kind, names, publication, windows, has_asset) values ($1, 1, 'film', $2, 'published', '[]', true)",
    )
    .bind(rental.1)
    .bind(names.clone())
    .execute(&house.service.pool())
    .await
    .unwrap();
    for event in [
        person.purchased(rental, 1, "active", until),
        // It was begun.
        person.purchased(rental, 2, "active", "2099-12-20T12:00:00Z"),
        person.purchased(rental, 3, "ended", "2099-12-20T12:00:00Z"),
        person.purchased(bought, 1, "active", ""),
        // Its time is over.
        person.purchased(over, 1, "active", "2026-01-01T12:00:00Z"),
        person.purchased(over, 2, "ended", "2026-01-01T12:00:00Z"),
        person.purchased(overtaken, 2, "ended", until),
        person.purchased(overtaken, 1, "active", until),
    ] {
        for _ in 0..2 {
            assert_eq!(house.route(event.clone()).await, Outcome::Done);
        }
    }
    let expected =
        ["purchase_returned", "title_purchased", "title_purchased", "purchase_returned", "title_purchased", "welcome"];
    assert_eq!(house.kinds(&person).await, expected);
    let jobs = house.jobs(&person).await;
    let rented = &jobs[1]["title_purchased"];
    assert_eq!(json!([rented["names"], rented["kind"], rented["until"]]), json!([names, "rent", "2099-12-24"]));
    let list = house.app.get("/v1/notifications?limit=100").token(&person.token()).send().await.expect(200);
    assert_eq!(list["items"][4]["title"], "Rented at Online Cinema: Tom & <b>Jerry</b>");
}

#[tokio::test]
async fn copies_order_and_parallel_routes_make_one_delivery_for_a_fact() {
    let house = House::start().await;
    for round in 0..12 {
        let (world, _) = World::replay(World::system().now(), round);
        let person = Person::new();
        let mut events: Vec<Event> =
            vec![person.verified(1, &person.email()), person.speaks(1, "ru"), person.reused(), person.export()];
        for _ in 0..6 {
            events.push(events[world.below(4) as usize].clone());
        }
        for at in (1..events.len()).rev() {
            events.swap(at, world.below(at as u32 + 1) as usize);
        }
        let outcomes = futures::future::join_all(events.into_iter().map(|event| house.route(event))).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
        let mut kinds: Vec<String> = house.deliveries(&person).await.into_iter().map(|(kind, _)| kind).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["data_export_requested", "session_revoked", "welcome"]);
    }
}

#[tokio::test]
async fn what_was_switched_off_is_neither_listed_nor_mailed() {
    let house = House::start().await;
    let person = house.person().await;
    let mut wishes = house.app.get("/v1/notifications/preferences").token(&person.token()).send().await.expect(200);
    wishes["workflows"]["billing"] = json!({ "in_app": false, "email": true, "push": false });
    house.app.put("/v1/notifications/preferences", &wishes).token(&person.token()).send().await.expect(200);
    assert_eq!(house.route(person.subscribed(1, "active", PAID_TO)).await, Outcome::Done);
    assert_eq!(house.kinds(&person).await, ["welcome"]);
    assert_eq!(house.deliveries(&person).await.len(), 2, "its mail comes nevertheless");
}

#[tokio::test]
async fn quiet_hours_hold_everything_but_security_until_they_end() {
    let house = House::start_alone().await;
    let person = house.person().await;
    house.service.take_messages("email").await;
    let mut wishes = house.app.get("/v1/notifications/preferences").token(&person.token()).send().await.expect(200);
    wishes["time_zone"] = json!("Europe/Berlin");
    wishes["quiet_hours"] = json!({ "from": "22:00", "until": "07:00" });
    house.app.put("/v1/notifications/preferences", &wishes).token(&person.token()).send().await.expect(200);

    let (night, clock) = World::replay(datetime!(2026-06-01 20:00 UTC), 7);
    assert_eq!(house.route_in(&night, person.subscribed(1, "active", PAID_TO)).await, Outcome::Done);
    assert_eq!(house.route_in(&night, person.reused()).await, Outcome::Done);
    let held = |deliveries: Vec<(String, String)>| -> Vec<String> {
        deliveries.into_iter().filter(|(_, status)| status == "held").map(|(template, _)| template).collect()
    };
    assert_eq!(held(house.deliveries(&person).await), ["subscription_active"]);
    assert_eq!(house.kinds(&person).await.len(), 3, "the inbox wakes nobody");
    assert_eq!(house.service.take_messages("email").await.len(), 1);
    clock.advance(Duration::hours(8) + Duration::minutes(59));
    assert_eq!(house.release(&night).await, Outcome::Done);
    assert_eq!(held(house.deliveries(&person).await).len(), 1, "06:59 in Berlin");
    clock.advance(Duration::minutes(1));
    for _ in 0..2 {
        assert_eq!(house.release(&night).await, Outcome::Done);
    }
    let released = house.service.take_messages("email").await;
    assert_eq!((released.len(), released[0]["subscription_active"]["until"].as_str()), (1, Some("2026-12-24")));
    assert!(held(house.deliveries(&person).await).is_empty());
}

#[tokio::test]
async fn what_is_no_event_of_ours_is_poison_and_a_database_that_is_down_is_not() {
    let house = House::start().await;
    let person = Person::new();
    let mut nameless = person.reused();
    nameless.data["account_id"] = json!("nobody");
    let mut other = person.verified(1, "a@example.com");
    other.kind = "cinema.catalog.title_changed.v1".to_owned();
    for event in [nameless, other] {
        assert!(matches!(house.route(event).await, Outcome::Poison(_)));
    }
    let service = house.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let house = House { service, ..house };
    assert!(matches!(house.route(person.verified(1, "a@example.com")).await, Outcome::Retry(_)));
}
