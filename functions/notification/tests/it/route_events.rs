//! Events → what people are told, once.

use events::{Event, Outcome};
use kernel::{PaymentId, PurchaseId, TitleId, World};
use serde_json::{Value, json};
use time::{Duration, macros::datetime};

use crate::{
    crashes::with_copies,
    house::{House, Person, names},
};

const PAID_TO: &str = "2026-12-24T12:00:00Z";
const LATER: &str = "2099-12-24T21:00:00Z";

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
        (person.export_is_ready(LATER), "data_export_ready"),
        (person.trial_ends(6, LATER), "trial_ending"),
        (person.rental_ends((World::system().id(), World::system().id()), 2, LATER, false), "rental_ending"),
    ] {
        for _ in 0..2 {
            assert_eq!(house.route(event.clone()).await, Outcome::Done);
        }
        assert_eq!(house.kinds(&person).await[0], kind);
    }
    assert_eq!((house.kinds(&person).await.len(), house.deliveries(&person).await.len()), (11, 11));
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
    let named = names("Standard", "Стандарт");
    let days = json!({ "plan": "premium", "until": "2026-12-24", "resumes_on": "2027-01-24", "plan_names": named });
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
    let receipt = json!({
        "amount": "9.99 EUR", "description": "Tom & <b>Jerry</b>, rent", "invoice_number": "DE-2026-000042",
        "goods_names": names("Tom & <b>Jerry</b>", "Том и Джерри"),
    });
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

/// The inbox as somebody reads it: title and text, newest first.
async fn read(house: &House, person: &Person, locale: &str) -> Vec<(String, String)> {
    let mut token = person.token();
    token.0.locale = locale.parse().unwrap();
    let page = house.app.get("/v1/notifications?limit=100").token(&token).send().await.expect(200);
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(|item| (text(item, "title"), text(item, "text"))).collect()
}

#[tokio::test]
async fn a_plan_and_what_was_paid_are_called_as_the_reader_calls_them() {
    let house = House::start().await;
    let person = house.person().await;
    let mut nameless = person.subscribed(2, "cancelled", PAID_TO);
    nameless.data["plan_names"] = json!({ "no language": "?", "en": "=?utf-8?q?Free?=\r\n" });
    let payment = person.paid(World::system().id(), 1, "succeeded", 0, true);
    for event in [person.subscribed(1, "active", PAID_TO), payment, nameless] {
        assert_eq!(house.route(event).await, Outcome::Done);
    }
    let lines = |all: Vec<(String, String)>, name: &str| -> Vec<String> {
        all.iter()
            .filter_map(|(_, text)| text.lines().find_map(|line| line.strip_prefix(name)))
            .map(str::to_owned)
            .collect()
    };
    let (english, russian) = (read(&house, &person, "en").await, read(&house, &person, "ru").await);
    assert_eq!(lines(english.clone(), "Plan: "), ["standard", "Standard"]);
    assert_eq!(lines(russian.clone(), "Тариф: "), ["standard", "Стандарт"]);
    assert_eq!(lines(english, "For: "), ["Tom & <b>Jerry</b>, rental"]);
    assert_eq!(lines(russian, "За что: "), ["Том и Джерри, прокат"]);
}

#[tokio::test]
async fn days_are_those_of_the_person() {
    let house = House::start().await;
    // The first moment of the 25th in Moscow.
    let midnight = "2099-12-24T21:00:00Z";
    for (zone, last, first, hour) in [
        ("UTC", "2099-12-24", "2099-12-24", "2099-12-24T21:00:00Z"),
        ("Europe/Moscow", "2099-12-24", "2099-12-25", "2099-12-25T00:00:00+03:00"),
        ("America/New_York", "2099-12-24", "2099-12-24", "2099-12-24T16:00:00-05:00"),
    ] {
        let person = house.person().await;
        house.wish(&person, |wishes| wishes["time_zone"] = json!(zone)).await;
        let rental: (PurchaseId, TitleId) = (World::system().id(), World::system().id());
        for event in [
            person.trial_ends(1, midnight),
            person.subscribed(2, "active", midnight),
            person.subscribed(3, "cancelled", midnight),
            person.subscribed(4, "active", midnight),
            person.purchased(rental, 1, "active", midnight),
            person.rental_ends(rental, 2, midnight, true),
            person.export_is_ready(midnight),
        ] {
            assert_eq!(house.route(event).await, Outcome::Done);
        }
        let jobs = house.jobs(&person).await;
        let value = |template: &str, name: &str| {
            jobs.iter().find(|job| !job[template].is_null()).unwrap()[template][name].as_str().unwrap().to_owned()
        };
        assert_eq!(value("trial_ending", "ends_on"), first, "{zone}");
        assert_eq!(value("subscription_active", "until"), last, "{zone}");
        assert_eq!(value("subscription_cancelled", "until"), last, "{zone}");
        assert_eq!(value("subscription_resumed", "until"), first, "{zone}");
        assert_eq!(value("title_purchased", "until"), last, "{zone}");
        assert_eq!(value("rental_ending", "at"), hour, "{zone}");
        assert_eq!(value("data_export_ready", "until"), last, "{zone}");
    }
}

#[tokio::test]
async fn what_begins_with_the_next_period_and_a_payment_that_is_given_up_are_told_once_under_copies() {
    let house = House::start().await;
    let person = house.person().await;
    let paid_to = |mut event: Event, valid_to: &str| {
        event.data["valid_to"] = valid_to.into();
        event
    };
    let (premium, dearer) = (Some(("premium", 1_999)), Some(("standard", 1_299)));
    let scheduled = "plan_change_scheduled";
    let states = [
        (person.renewed_as(1, "trialing", "standard", None), vec!["trial_started"]),
        (person.renewed_as(2, "trialing", "standard", premium), vec![scheduled]),
        (person.renewed_as(3, "trialing", "standard", premium), vec![]),
        (person.renewed_as(4, "trialing", "standard", dearer), vec![scheduled]),
        (person.renewed_as(5, "trialing", "standard", None), vec!["plan_change_withdrawn"]),
        (person.renewed_as(6, "trialing", "standard", premium), vec![scheduled]),
        (person.renewed_as(7, "cancelled", "standard", premium), vec!["subscription_cancelled"]),
        (person.renewed_as(8, "trialing", "standard", premium), vec!["subscription_resumed"]),
        (paid_to(person.renewed_as(9, "active", "premium", None), "2027-01-24T12:00:00Z"), vec!["subscription_active"]),
        (paid_to(person.subscribed_to(10, "past_due", "premium", ""), "2027-01-24T12:00:00Z"), vec!["payment_failed"]),
        (paid_to(person.subscribed_to(11, "past_due", "premium", ""), "2027-01-24T12:00:00Z"), vec![]),
        (person.renewed_as(12, "past_due", "premium", None), vec!["subscription_suspended"]),
        (person.renewed_as(13, "past_due", "premium", None), vec![]),
        (
            paid_to(person.renewed_as(14, "active", "premium", None), "2027-02-24T12:00:00Z"),
            vec!["subscription_active"],
        ),
    ];
    let mut expected = vec!["welcome"];
    for (sequence, (event, kinds)) in (1..).zip(states) {
        let copies = futures::future::join_all((0..3).map(|_| house.route(event.clone()))).await;
        assert!(copies.iter().all(|outcome| *outcome == Outcome::Done), "{copies:?}");
        expected.extend(kinds);
        let mut kinds = house.kinds(&person).await;
        kinds.reverse();
        assert_eq!(kinds, expected, "after {sequence}");
    }
    assert_eq!(house.deliveries(&person).await.len(), expected.len());
    let jobs = house.jobs(&person).await;
    let first = jobs.iter().find(|job| !job[scheduled].is_null()).unwrap();
    let change = json!({
        "plan": "premium", "begins_on": "2026-12-24", "amount": "19.99 EUR", "period": "month",
        "plan_names": names("Premium", "Премиум"), "then": "",
    });
    assert_eq!(first[scheduled], change);

    // Rows from before it was kept: what is late was told as such, and the rest is news.
    let old = house.person().await;
    assert_eq!(house.route(old.subscribed(1, "past_due", PAID_TO)).await, Outcome::Done);
    sqlx::query(
        "update subscriptions set is_suspended = default, next_plan = null, next_amount = null, next_period = null",
    )
    .execute(&house.service.pool())
    .await
    .unwrap();
    for event in [old.subscribed(2, "past_due", PAID_TO), old.renewed_as(3, "past_due", "standard", None)] {
        assert_eq!(house.route(event).await, Outcome::Done);
    }
    assert_eq!(house.kinds(&old).await, ["subscription_suspended", "payment_failed", "welcome"]);
}

#[tokio::test]
async fn a_trial_that_ends_is_told_once_and_not_after_it_was_left() {
    let house = House::start().await;
    for (events, expected) in [
        (vec![(1, "trialing")], vec!["trial_ending", "trial_started"]),
        // Its plan was changed after it was announced.
        (vec![(1, "trialing"), (5, "trialing")], vec!["trial_ending", "trial_started"]),
        (vec![(5, "cancelled")], vec!["subscription_cancelled"]),
        (vec![(5, "active")], vec!["subscription_active"]),
        // The older word comes last.
        (vec![(2, "cancelled")], vec!["trial_ending", "subscription_cancelled"]),
        (vec![], vec!["trial_ending"]),
    ] {
        let person = house.person().await;
        for (sequence, status) in &events {
            assert_eq!(house.route(person.subscribed(*sequence, status, LATER)).await, Outcome::Done);
        }
        let announced = person.trial_ends(4, LATER);
        let copies = futures::future::join_all((0..3).map(|_| house.route(announced.clone()))).await;
        assert!(copies.iter().all(|outcome| *outcome == Outcome::Done), "{copies:?}");
        let kinds = house.kinds(&person).await;
        assert_eq!(kinds[..kinds.len() - 1], expected, "{events:?}");
    }
    let person = house.person().await;
    assert_eq!(house.route(person.trial_ends(1, "2026-01-01T12:00:00Z")).await, Outcome::Done);
    assert_eq!(house.kinds(&person).await, ["welcome"], "it is over");
}

#[tokio::test]
async fn a_rental_that_ends_is_told_once_for_each_end_and_not_when_it_is_over() {
    let house = House::start().await;
    let person = house.person().await;
    let new = || -> (PurchaseId, TitleId) { (World::system().id(), World::system().id()) };
    let (rental, begun, late, returned, over) = (new(), new(), new(), new(), new());
    let earlier = "2099-12-20T12:00:00Z";
    for (event, kind) in [
        // That it ends is heard before that it is there.
        (person.rental_ends(rental, 2, LATER, false), Some("rental_ending")),
        (person.purchased(rental, 1, "active", LATER), Some("title_purchased")),
        (person.rental_ends(rental, 3, earlier, true), Some("rental_ending")),
        (person.rental_ends(rental, 2, LATER, false), None),
        (person.rental_ends(begun, 3, earlier, true), Some("rental_ending")),
        (person.rental_ends(begun, 2, LATER, false), None),
        // It was begun on its last day.
        (person.rental_ends(late, 2, earlier, false), Some("rental_ending")),
        (person.rental_ends(late, 3, LATER, true), Some("rental_ending")),
        (person.rental_ends(late, 2, earlier, false), None),
        (person.purchased(returned, 3, "ended", LATER), Some("purchase_returned")),
        (person.rental_ends(returned, 2, LATER, false), None),
        (person.rental_ends(over, 2, "2026-01-01T12:00:00Z", true), None),
    ] {
        let before = house.kinds(&person).await.len();
        let copies = futures::future::join_all((0..3).map(|_| house.route(event.clone()))).await;
        assert!(copies.iter().all(|outcome| *outcome == Outcome::Done), "{copies:?}");
        let kinds = house.kinds(&person).await;
        assert_eq!(kinds[..kinds.len() - before], kind.into_iter().collect::<Vec<_>>(), "{}", event.data);
    }
    let texts = read(&house, &person, "en").await;
    assert!(texts[3].1.contains("Can be watched until: 2099-12-20 12:00 UTC\n"), "{texts:?}");
    assert!(texts[2].1.contains("Can be begun until: 2099-12-20 12:00 UTC\n"), "{texts:?}");
}

#[tokio::test]
async fn whoever_was_erased_hears_of_none_of_it() {
    let house = House::start().await;
    let person = house.person().await;
    assert_eq!(house.erase(person.erased()).await, Outcome::Done);
    for event in [
        person.trial_ends(1, LATER),
        person.rental_ends((World::system().id(), World::system().id()), 1, LATER, true),
        person.export_is_ready(LATER),
        person.renewed_as(1, "past_due", "standard", None),
        person.renewed_as(2, "active", "standard", Some(("premium", 1_999))),
    ] {
        assert_eq!(house.route(event).await, Outcome::Done);
    }
    assert!(house.kinds(&person).await.is_empty() && house.deliveries(&person).await.is_empty());
}

#[tokio::test]
async fn copies_order_and_parallel_routes_make_one_delivery_for_a_fact() {
    let house = House::start().await;
    for round in 0..12 {
        let (world, _) = World::replay(World::system().now(), round);
        let person = Person::new();
        let mut events: Vec<Event> =
            vec![person.verified(1, &person.email()), person.speaks(1, "ru"), person.reused(), person.export()];
        events.extend([person.export_is_ready(LATER), person.trial_ends(1, LATER)]);
        let rental = (World::system().id(), World::system().id());
        events.extend([person.rental_ends(rental, 2, LATER, true), person.purchased(rental, 1, "active", LATER)]);
        for _ in 0..12 {
            events.push(events[world.below(8) as usize].clone());
        }
        for at in (1..events.len()).rev() {
            events.swap(at, world.below(at as u32 + 1) as usize);
        }
        let outcomes = futures::future::join_all(events.into_iter().map(|event| house.route(event))).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
        let mut kinds: Vec<String> = house.deliveries(&person).await.into_iter().map(|(kind, _)| kind).collect();
        kinds.sort_unstable();
        let expected = [
            "data_export_ready",
            "data_export_requested",
            "rental_ending",
            "session_revoked",
            "title_purchased",
            "trial_ending",
            "welcome",
        ];
        assert_eq!(kinds, expected);
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
