//! Revenue and royalties: known answers, whatever came when and how often.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{InvoiceId, PaymentId, ProfileId, SubscriptionId, TitleId, World};
use proto::types;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Session};

const NOW: OffsetDateTime = datetime!(2026-04-10 12:00 UTC);

fn at(event: Event, time: OffsetDateTime) -> Event {
    Event { time, ..event }
}

/// A version of a payment of 11.90 with 1.90 of tax.
fn payment(id: PaymentId, sequence: i64, time: OffsetDateTime, (refunded, refunded_tax): (i64, i64)) -> Event {
    let data = json!({"payment_id": id, "account_id": World::system().id::<kernel::AccountId>(),
        "invoice_id": World::system().id::<InvoiceId>(), "status": "succeeded", "amount": 1190, "tax": 190, "refunded": refunded,
        "refunded_tax": refunded_tax, "currency": "EUR"});
    at(Event::new(&World::system(), types::PAYMENT_CHANGED, id, sequence, &data), time)
}

fn failed(time: OffsetDateTime) -> Event {
    let mut event = payment(World::system().id(), 1, time, (0, 0));
    event.data["status"] = json!("failed");
    event
}

struct Subscriber(SubscriptionId);

impl Subscriber {
    fn new() -> Self {
        Self(World::system().id())
    }

    /// A version whose period costs `amount` with 19 % of tax in it, with grace until a moment.
    fn state(
        &self,
        sequence: i64,
        time: OffsetDateTime,
        status: &str,
        (amount, period): (i64, &str),
        until: OffsetDateTime,
    ) -> Event {
        let text = until.format(&time::format_description::well_known::Rfc3339).unwrap();
        let data = json!({"subscription_id": self.0, "account_id": World::system().id::<kernel::AccountId>(), "status": status,
            "plan": "standard", "max_streams": 2, "max_height": 1080, "valid_to": text, "grace_to": text, "amount": amount,
            "tax": amount * 19 / 119, "currency": "EUR", "period": period});
        at(Event::new(&World::system(), types::SUBSCRIPTION_CHANGED, self.0, sequence, &data), time)
    }
}

/// Two months of five subscribers.
fn subscribers() -> Vec<Event> {
    let (march, may) = (datetime!(2026-03-15 0:00 UTC), datetime!(2026-05-01 0:00 UTC));
    let (stays, yearly, leaves, lapses, tries, gives_up) = (
        Subscriber::new(),
        Subscriber::new(),
        Subscriber::new(),
        Subscriber::new(),
        Subscriber::new(),
        Subscriber::new(),
    );
    let february = datetime!(2026-02-10 0:00 UTC);
    vec![
        // 10.00 a month, then 20.00.
        stays.state(1, february, "active", (1190, "month"), may),
        stays.state(2, march, "active", (2380, "month"), may),
        // 120.00 a year are 10.00 a month.
        yearly.state(1, february, "active", (14_280, "year"), datetime!(2027-03-01 0:00 UTC)),
        // Ends in March, is told late of it.
        leaves.state(1, february, "active", (1190, "month"), may),
        leaves.state(2, march, "cancelled", (1190, "month"), may),
        leaves.state(3, march + Duration::DAY, "ended", (1190, "month"), march),
        // Nobody says that it is over; its grace is.
        lapses.state(1, february, "past_due", (1190, "month"), march),
        // A trial that is paid for in March, and one that ends.
        tries.state(1, datetime!(2026-03-02 0:00 UTC), "trialing", (0, "month"), march),
        tries.state(2, march, "active", (1190, "month"), may),
        gives_up.state(1, datetime!(2026-03-03 0:00 UTC), "trialing", (0, "month"), march),
        gives_up.state(2, datetime!(2026-03-04 0:00 UTC), "cancelled", (0, "month"), march),
    ]
}

/// Shuffled, with copies, in deliveries of three.
async fn deliver(fixture: &Fixture, events: &[Event]) {
    let mut disturbed = [events, events].concat();
    disturbed.sort_by_cached_key(|event| {
        let digest = kernel::sha256(format!("{} {}", event.id, World::system().below(1000)));
        u64::from_le_bytes(digest[..8].try_into().unwrap())
    });
    for batch in disturbed.chunks(3) {
        fixture.ingest_all(NOW, batch.to_vec()).await;
    }
}

#[tokio::test]
async fn revenue_with_known_answers() {
    let fixture = Fixture::start().await;
    let (kept, half, whole): (PaymentId, PaymentId, PaymentId) =
        (World::system().id(), World::system().id(), World::system().id());
    let march = |day: i64| datetime!(2026-03-01 0:00 UTC) + Duration::days(day - 1);
    let mut events = vec![
        payment(kept, 1, march(1), (0, 0)),
        payment(half, 1, march(2), (0, 0)),
        payment(half, 2, march(20), (595, 95)),
        payment(whole, 1, march(31), (0, 0)),
        // Given back in April: March stays as it was.
        payment(whole, 2, datetime!(2026-04-02 0:00 UTC), (1190, 190)),
        failed(march(5)),
    ];
    events.extend(subscribers());
    deliver(&fixture, &events).await;
    let revenue = fixture.ask("support", "/v1/analytics/revenue?month=2026-03").await;
    assert_eq!((&revenue["is_over"], revenue["currencies"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    let expected = json!({
        "currency": "EUR", "received": 3000, "given_back": 500, "net_revenue": 2500,
        "subscribers_at_start": 4, "subscribers_at_end": 3, "new_subscribers": 1, "churned_subscribers": 2,
        "mrr_at_start": 4000, "mrr_at_end": 4000, "mrr_new": 1000, "mrr_expansion": 1000, "mrr_contraction": 0, "mrr_churned": 2000,
        "churn": 0.5, "arpu": 1333, "ltv": 2667, "trials": 2, "converted_trials": 1, "conversion": 0.5,
    });
    assert_eq!(revenue["currencies"][0], expected);
    let april = fixture.ask("support", "/v1/analytics/revenue?month=2026-04").await;
    assert_eq!(
        (&april["currencies"][0]["received"], &april["currencies"][0]["net_revenue"]),
        (&json!(0), &json!(-1000))
    );
    let before = fixture.ask("support", "/v1/analytics/revenue?month=2025-12").await;
    assert_eq!(before["currencies"], json!([]));
    fixture.end().await;
}

fn held(title: TitleId, sequence: i64, holder: &str, time: OffsetDateTime) -> Event {
    let data = json!({"title_id": title, "kind": "film", "publication": "published", "original_title": "A", "rights_holder": holder});
    at(Event::new(&World::system(), types::TITLE_CHANGED, title, sequence, &data), time)
}

async fn statement(fixture: &Fixture) -> String {
    let path = "/v1/analytics/royalties?month=2026-03&basis_points=5000";
    fixture.ask("support", path).await.to_string()
}

#[tokio::test]
async fn royalties_sum_to_the_pool_and_a_replay_gives_the_same_bytes() {
    let fixture = Fixture::start().await;
    let (ours, theirs, nobodys): (TitleId, TitleId, TitleId) =
        (World::system().id(), World::system().id(), World::system().id());
    let gone: ProfileId = World::system().id();
    let march = datetime!(2026-03-10 12:00 UTC);
    let mut events = vec![
        held(ours, 1, "Old Studio", datetime!(2026-01-01 0:00 UTC)),
        held(ours, 2, "Our Studio", march),
        // What happens after the month is of the next statement.
        held(ours, 3, "New Studio", datetime!(2026-04-01 0:00 UTC)),
        held(theirs, 1, "Their Studio", datetime!(2026-01-01 0:00 UTC)),
        payment(World::system().id(), 1, march, (0, 0)),
        payment(World::system().id(), 1, march, (0, 0)),
    ];
    let sessions = [
        (ours, World::system().id(), march, 100.0),
        (ours, gone, datetime!(2026-03-31 23:59:59 UTC), 100.0),
        (theirs, World::system().id(), march, 100.0),
        (nobodys, gone, march, 33.3),
        (theirs, World::system().id(), datetime!(2026-04-01 0:00 UTC), 1000.0),
        (theirs, World::system().id(), datetime!(2026-02-28 23:59:59 UTC), 1000.0),
    ];
    for (title, profile, started_at, seconds) in sessions {
        events.extend(Session::new(title, profile, started_at).events(&[seconds / 2.0, seconds]));
    }
    deliver(&fixture, &events).await;
    let first = statement(&fixture).await;
    let read: Value = serde_json::from_str(&first).unwrap();
    // Half of 20.00: 1000 in proportions of 2000, 1000 and 333.
    assert_eq!(read["pools"], json!([{"currency": "EUR", "net_revenue": 2000, "amount": 1000}]));
    let holders: Vec<(&Value, &Value, &Value)> = read["holders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|holder| (&holder["rights_holder"], &holder["watched_ms"], &holder["amounts"][0]))
        .collect();
    assert_eq!(
        holders,
        [
            (&json!("Our Studio"), &json!(200_000), &json!(600)),
            (&json!("Their Studio"), &json!(100_000), &json!(300)),
            (&Value::Null, &json!(33_300), &json!(100)),
        ]
    );
    assert_eq!(holders.iter().map(|holder| holder.2.as_i64().unwrap()).sum::<i64>(), 1000);

    // The statement's own query gives its figures.
    let query = read["queries"]["watched"].as_str().unwrap();
    let asked: Vec<(String, u64)> = fixture.client.query(query).fetch_all().await.unwrap();
    assert_eq!(
        asked,
        [(String::new(), 33_300), ("Our Studio".to_owned(), 200_000), ("Their Studio".to_owned(), 100_000)]
    );

    // All of it again, and merged.
    deliver(&fixture, &events).await;
    for table in ["playback_events", "payment_states", "title_holders"] {
        fixture.client.query(&format!("OPTIMIZE TABLE {table} FINAL")).execute().await.unwrap();
    }
    assert_eq!(statement(&fixture).await, first);
    let another = Fixture::start().await;
    deliver(&another, &events).await;
    assert_eq!(statement(&another).await, first, "the same events elsewhere");
    another.end().await;

    // Whoever leaves takes their name along, not the time that others are paid for.
    let erasure = events::Erasure { id: World::system().id(), account: World::system().id(), profiles: vec![gone] };
    let receipt = erasure.receipt(&World::system(), types::USER_ACCOUNT_ERASED, 1, NOW);
    let eraser = analytics::operations::consumers::erase_account(&fixture.boot_at(NOW)).unwrap();
    for _ in 0..2 {
        assert_eq!(eraser.consume(receipt.clone(), &Deadline::unlimited(World::system())).await, Outcome::Done);
    }
    let left: u64 = fixture
        .client
        .query("SELECT count() FROM playback_events WHERE profile_id = ?")
        .bind(gone.to_string())
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(left, 0);
    assert_eq!(statement(&fixture).await, first);
    // Late copies are refused, and add nothing.
    deliver(&fixture, &events).await;
    assert_eq!(statement(&fixture).await, first);
    fixture.end().await;
}

#[tokio::test]
async fn a_month_without_anything_has_nobody() {
    let fixture = Fixture::start().await;
    let read: Value = serde_json::from_str(&statement(&fixture).await).unwrap();
    assert_eq!((&read["pools"], &read["watched_ms"]), (&json!([]), &json!(0)));
    // Money that nobody watched for is nobody's.
    fixture.ingest_all(NOW, vec![payment(World::system().id(), 1, datetime!(2026-03-02 0:00 UTC), (0, 0))]).await;
    let read: Value = serde_json::from_str(&statement(&fixture).await).unwrap();
    assert_eq!(
        read["holders"],
        json!([{"rights_holder": null, "watched_ms": 0, "watched_seconds": 0, "amounts": [500]}])
    );
    fixture.end().await;
}

/// What an erasure leaves that died between keeping the watched time and deleting the rows.
#[tokio::test]
async fn a_session_that_is_half_erased_is_paid_for_once() {
    let fixture = Fixture::start().await;
    let session = Session::new(World::system().id(), World::system().id(), datetime!(2026-03-10 12:00 UTC));
    fixture.ingest_all(NOW, session.events(&[40.0])).await;
    let keep = "INSERT INTO erased_watch_time SELECT toDateTime('2026-03-01', 'UTC'), ?, lower(hex(SHA256(?))), 40000";
    fixture.client.query(keep).bind(session.title.to_string()).bind(session.id.to_string()).execute().await.unwrap();
    let read: Value = serde_json::from_str(&statement(&fixture).await).unwrap();
    assert_eq!(read["watched_ms"], json!(40_000));
    fixture.end().await;
}
