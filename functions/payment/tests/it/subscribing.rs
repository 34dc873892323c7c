use futures::future::join_all;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    bank::Mood,
    stage::{Customer, Stage},
};

#[tokio::test]
async fn a_trial_comes_first_and_only_once() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 14).await;
    let customer = Customer::new();
    let begun = stage.subscribe(customer, &price).await.expect(201);
    assert_eq!((&begun["subscription"]["status"], &begun["payment"]), (&json!("trialing"), &json!(null)));
    let id = begun["subscription"]["id"].as_str().unwrap();
    let told = stage.told("cinema.payment.subscription_changed.v1", id).await;
    assert_eq!(
        (&told[0]["status"], &told[0]["plan"], &told[0]["valid_to"]),
        (&json!("trialing"), &json!("standard"), &json!("2027-02-14T10:00:00Z"))
    );
    stage.subscribe(customer, &price).await.expect_problem(409, "subscription_exists");
    assert_eq!(stage.bank.calls(), 0);

    // Cancelled, over, and back: this time it is paid at once.
    stage.post(customer, "/v1/subscriptions/me/cancel", &json!({})).await.expect(200);
    stage.advance(Duration::days(14));
    stage.renew().await;
    assert_eq!(stage.subscription(customer).await["status"], "ended");
    let other = json!({"price_id": price, "when": "now"});
    let preview = stage.post(customer, "/v1/subscriptions/me/change/preview", &other).await;
    preview.expect_problem(409, "subscription_ended");
    let again = stage.subscribe(customer, &price).await.expect(201);
    assert_eq!(again["subscription"]["status"], "pending");
    stage.pay(&again).await;
    assert_eq!(stage.subscription(customer).await["status"], "active");
    stage.check_books().await;
}

#[tokio::test]
async fn a_trial_is_announced_once_and_then_charged() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 14).await;
    let customer = Customer::new();
    let begun = stage.subscribe(customer, &price).await.expect(201);
    let id = begun["subscription"]["id"].as_str().unwrap();
    for day in 0..14 {
        stage.announce().await;
        let told = stage.told("cinema.payment.trial_announced.v1", id).await;
        assert_eq!(told.len(), usize::from(day >= 11), "day {day}");
        stage.advance(Duration::DAY);
    }
    let told = stage.told("cinema.payment.trial_announced.v1", id).await;
    assert_eq!(
        (&told[0]["plan_names"], &told[0]["period"]),
        (&json!({"en": "standard", "ru": "План", "": "standard"}), &json!("month"))
    );
    // Nobody is told of a payment that will not be asked for.
    let leaver = Customer::new();
    let leaving = stage.subscribe(leaver, &price).await.expect(201);
    stage.post_empty(leaver, "/v1/subscriptions/me/cancel").await.expect(200);
    stage.advance(Duration::days(12));
    stage.announce().await;
    let id = leaving["subscription"]["id"].as_str().unwrap();
    assert_eq!(stage.told("cinema.payment.trial_announced.v1", id).await, Vec::<Value>::new());
    // A page during the trial pays the first period, which begins with the trial's end.
    let other = Customer::new();
    stage.subscribe(other, &price).await.expect(201);
    let page = stage.post_empty(other, "/v1/subscriptions/me/resume").await.expect(200);
    stage.pay(&page).await;
    let paid = stage.subscription(other).await;
    assert_eq!((&paid["status"], &paid["period_from"]), (&json!("active"), &json!("2027-03-12T10:00:00Z")));
    // Whoever saved nothing is told so.
    stage.renew().await;
    assert_eq!(stage.subscription(customer).await["status"], "past_due");
}

#[tokio::test]
async fn of_many_requests_at_once_one_wins() {
    let stage = Stage::start().await;
    for trial_days in [0, 14] {
        let price = stage.plan(&format!("plan-{trial_days}"), 1_000, trial_days).await;
        let customer = Customer::new();
        let answers = join_all((0..8).map(|_| stage.subscribe(customer, &price))).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let pages: std::collections::BTreeSet<_> = answers
            .iter()
            .filter(|answer| answer.status == 201)
            .map(|answer| answer.json()["checkout_url"].to_string())
            .collect();
        assert!(made >= 1 && pages.len() == 1, "{made} {pages:?}");
        if trial_days > 0 {
            assert_eq!(made, 1);
        }
    }
    assert_eq!(stage.number("select count(*) from subscriptions where status <> 'ended'").await, 2);
    assert_eq!(stage.number("select count(*) from payments").await, 1);
}

#[tokio::test]
async fn nobody_is_led_to_the_page_of_what_has_ended() {
    let stage = Stage::start().await;
    let prices = [stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await];
    let customer = Customer::new();
    for _ in 0..5 {
        let answers = join_all((0..8).map(|place| stage.subscribe(customer, &prices[place % 2]))).await;
        for answer in answers {
            if answer.status == 201 {
                assert_eq!(answer.json()["subscription"]["status"], "pending");
            } else {
                answer.expect_problem(409, "subscription_ended");
            }
        }
    }
    assert_eq!(stage.number("select count(*) from subscriptions where status <> 'ended'").await, 1);
}

#[tokio::test]
async fn a_paid_page_makes_access_an_invoice_and_balanced_entries() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 999, 0).await;
    let customer = stage.paying(&price).await;
    let subscription = stage.subscription(customer).await;
    assert_eq!(subscription["period_to"], "2027-02-28T10:00:00Z");
    let told = stage.told("cinema.payment.subscription_changed.v1", subscription["id"].as_str().unwrap()).await;
    assert_eq!(told.len(), 1, "nothing is told before it is paid");
    assert_eq!((&told[0]["status"], &told[0]["grace_to"]), (&json!("active"), &json!("2027-03-08T10:00:00Z")));
    let invoices = stage.get(customer, "/v1/invoices").await.expect(200);
    let invoice = &invoices["items"][0];
    assert_eq!(
        (&invoice["number"], &invoice["amount"]["amount"], &invoice["tax"]["amount"]),
        (&json!("CINEMA-2027-000001"), &json!(999), &json!(160))
    );
    let one = stage.get(customer, &format!("/v1/invoices/{}", invoice["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(&one, invoice);
    let payments = stage.get(customer, "/v1/payments").await.expect(200);
    assert_eq!(
        (&payments["items"][0]["status"], &payments["items"][0]["checkout_url"]),
        (&json!("succeeded"), &json!(null))
    );
    // Another person's are not there.
    let stranger = Customer::new();
    stage
        .get(stranger, &format!("/v1/invoices/{}", invoice["id"].as_str().unwrap()))
        .await
        .expect_problem(404, "not_found");
    let payment = payments["items"][0]["id"].as_str().unwrap();
    stage.get(stranger, &format!("/v1/payments/{payment}")).await.expect_problem(404, "not_found");
    assert_eq!(stage.get(customer, &format!("/v1/payments/{payment}")).await.expect(200)["id"], payment);
    stage.get(stranger, "/v1/subscriptions/me").await.expect_problem(404, "not_found");
    stage.check_books().await;
}

#[tokio::test]
async fn a_bank_that_does_not_answer_makes_it_unknown_and_never_failed() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    for mood in [Mood::LostBefore, Mood::LostAfter] {
        let customer = Customer::new();
        stage.bank.expect([mood]);
        let begun = stage.subscribe(customer, &price).await.expect(201);
        assert_eq!(
            (&begun["payment"]["status"], &begun["checkout_url"]),
            (&json!("unknown"), &json!(null)),
            "{mood:?}"
        );
        stage.advance(Duration::minutes(6));
        stage.resolve().await;
        let now = stage.get(customer, "/v1/subscriptions/me").await.expect(200);
        assert!(now["checkout_url"].is_string(), "{mood:?}: {now}");
        stage.pay(&now).await;
        assert_eq!(stage.subscription(customer).await["status"], "active");
    }
    // One that says that it did nothing is asked again by whoever asks us again.
    let customer = Customer::new();
    stage.bank.expect([Mood::Busy]);
    stage.subscribe(customer, &price).await.expect_problem(503, "provider_unavailable");
    let again = stage.subscribe(customer, &price).await.expect(201);
    stage.pay(&again).await;
    assert_eq!(stage.number("select count(*) from payments where status = 'failed'").await, 0);
    stage.check_books().await;
}

#[tokio::test]
async fn a_key_gives_the_same_answer_and_no_second_payment() {
    let stage = Stage::start().await;
    let (price, other) = (stage.plan("standard", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let customer = Customer::new();
    let body = |price: &str| json!({ "price_id": price });
    let with_key = async |customer: Customer, price: &str| {
        let call = stage.app.post("/v1/subscriptions", &body(price)).token(&stage.token(customer));
        call.header("idempotency-key", "one").send().await
    };
    let first = with_key(customer, &price).await.expect(201);
    stage.pay(&first).await;
    let second = with_key(customer, &price).await;
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(second.expect(201), first);
    with_key(customer, &other).await.expect_problem(422, "idempotency_key_reused");
    // Somebody else's key is another one.
    let stranger = with_key(Customer::new(), &price).await.expect(201);
    assert_ne!(stranger["payment"]["id"], first["payment"]["id"]);
    assert_eq!(stage.bank.captured().len(), 1);
}

#[tokio::test]
async fn a_page_that_nobody_pays_on_makes_room_and_one_that_is_paid_too_late_is_given_back() {
    let stage = Stage::start().await;
    let (price, other) = (stage.plan("standard", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let customer = Customer::new();
    let first = stage.subscribe(customer, &price).await.expect(201);
    assert_eq!(stage.subscribe(customer, &price).await.expect(201)["checkout_url"], first["checkout_url"]);
    let second = stage.subscribe(customer, &other).await.expect(201);
    assert_ne!(second["subscription"]["id"], first["subscription"]["id"]);
    // Nobody is shown the page of what nothing needs any more, and nobody waits for it.
    for (begun, status, is_there) in [(&first, "canceled", false), (&second, "pending", true)] {
        let path = format!("/v1/payments/{}", begun["payment"]["id"].as_str().unwrap());
        let shown = stage.get(customer, &path).await.expect(200);
        assert_eq!((&shown["status"], shown["checkout_url"].is_string()), (&json!(status), is_there));
    }
    stage.pay(&second).await;
    // Both pages were open: the first is paid as well.
    stage.pay(&first).await;
    stage.resolve().await;
    assert_eq!(stage.bank.given_back(), 1_000);
    let subscription = stage.subscription(customer).await;
    assert_eq!((&subscription["running"]["plan"], &subscription["status"]), (&json!("premium"), &json!("active")));
    stage.check_books().await;
    assert_eq!(
        stage.number("select coalesce(sum(amount), 0)::bigint from ledger_entries where account = 'surplus'").await,
        0
    );

    let late = Customer::new();
    let page = stage.subscribe(late, &price).await.expect(201);
    stage.bank.expire(page["payment"]["id"].as_str().unwrap());
    stage.advance(Duration::hours(3));
    stage.resolve().await;
    assert_eq!(stage.subscription(late).await["status"], "ended");
}

#[tokio::test]
async fn what_cannot_be_read_or_bought_is_refused() {
    let stage = Stage::start().await;
    let customer = Customer::new();
    for (body, status) in [
        (json!({}), 422),
        (json!({"price_id": "prc_1"}), 422),
        (json!({"price_id": "prc_01jd3k5m7n9pqrstvwxyz01234"}), 422),
        (json!({"price_id": "prc_01jd3k5m7n9pqrstvwxyz01234", "amount": 1}), 422),
    ] {
        stage.post(customer, "/v1/subscriptions", &body).await.expect_problem(status, "invalid_request");
    }
    for path in ["cancel", "resume", "change/preview"] {
        let body = if path == "cancel" {
            json!({})
        } else {
            json!({"price_id": "prc_01jd3k5m7n9pqrstvwxyz01234", "when": "now"})
        };
        let answer = stage.post(customer, &format!("/v1/subscriptions/me/{path}"), &body).await;
        answer.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn nobody_hears_of_the_end_of_what_never_began() {
    let stage = Stage::start().await;
    let (price, other) = (stage.plan("standard", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    // The page is left, it is cancelled meanwhile, another price takes its place.
    let [left, cancelled, moved] = [Customer::new(), Customer::new(), Customer::new()];
    let mut ids = Vec::new();
    for customer in [left, cancelled, moved] {
        let begun = stage.subscribe(customer, &price).await.expect(201);
        ids.push(begun["subscription"]["id"].as_str().unwrap().to_owned());
    }
    stage.post(cancelled, "/v1/subscriptions/me/cancel", &json!({})).await.expect(200);
    stage.subscribe(moved, &other).await.expect(201);
    stage.advance(Duration::minutes(126));
    stage.resolve().await;
    for customer in [left, cancelled, moved] {
        assert_eq!(stage.subscription(customer).await["status"], "ended");
    }
    for id in ids {
        assert_eq!(stage.told("cinema.payment.subscription_changed.v1", &id).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn what_was_paid_counts_although_another_plan_is_chosen_before_anybody_tells() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let customer = Customer::new();
    let page = stage.subscribe(customer, &basic).await.expect(201);
    stage.bank.pay(page["payment"]["id"].as_str().unwrap());
    stage.subscribe(customer, &premium).await.expect_problem(409, "subscription_exists");
    assert_eq!(stage.subscription(customer).await["running"]["plan"], "basic");
    stage.resolve().await;
    assert_eq!((stage.bank.captured().len(), stage.bank.given_back()), (1, 0));
    stage.check_books().await;
}
