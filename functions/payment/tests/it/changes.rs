use futures::future::join_all;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    bank::Mood,
    stage::{Customer, Stage},
};

async fn preview(stage: &Stage, customer: Customer, price: &str, when: &str) -> testkit::Answer {
    stage.post(customer, "/v1/subscriptions/me/change/preview", &json!({"price_id": price, "when": when})).await
}

async fn change(stage: &Stage, customer: Customer, agreed: &Value) -> testkit::Answer {
    stage.post(customer, "/v1/subscriptions/me/change", agreed).await
}

/// What a change costs now and the page on which it can be paid, since the saved method was declined.
async fn on_a_page(stage: &Stage, customer: Customer, price: &str) -> (Value, Value) {
    let agreed = preview(stage, customer, price, "now").await.expect(200);
    stage.bank.expect([Mood::Decline]);
    change(stage, customer, &agreed).await.expect_problem(402, "payment_declined");
    let page = change(stage, customer, &agreed).await.expect(200);
    (agreed, page)
}

#[tokio::test]
async fn what_was_previewed_is_charged() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_001, 0).await);
    let customer = stage.paying(&basic).await;
    stage.advance(Duration::days(14));
    let agreed = preview(&stage, customer, &premium, "now").await.expect(200);
    assert_eq!(agreed["amount"], json!({"amount": 500, "currency": "EUR"}));
    stage.advance(Duration::minutes(5));
    let changed = change(&stage, customer, &agreed).await.expect(200);
    assert_eq!(changed["subscription"]["running"]["plan"], "premium");
    assert_eq!(stage.bank.captured().iter().filter(|payment| payment["amount"] == agreed["amount"]).count(), 1);
    // A repetition is stale: the version has moved on.
    change(&stage, customer, &agreed).await.expect_problem(409, "stale_preview");
    stage.advance(Duration::days(14));
    stage.renew().await;
    let last = stage.get(customer, "/v1/invoices").await.expect(200)["items"][0].clone();
    assert_eq!(last["amount"]["amount"], 2_001);
    stage.check_books().await;
}

#[tokio::test]
async fn a_preview_goes_stale() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let customer = stage.paying(&basic).await;
    let agreed = preview(&stage, customer, &premium, "now").await.expect(200);
    for (member, value) in [
        ("amount", json!({"amount": 1, "currency": "EUR"})),
        ("amount", json!({"amount": 1_000, "currency": "USD"})),
        ("version", json!(99)),
        ("period_amount", json!({"amount": 1, "currency": "EUR"})),
        ("previewed_at", json!("2027-02-01T10:00:00Z")),
        ("when", json!("period_end")),
        ("begins_at", json!("2027-12-01T10:00:00Z")),
    ] {
        let mut forged = agreed.clone();
        forged[member] = value;
        change(&stage, customer, &forged).await.expect_problem(409, "stale_preview");
    }
    stage.advance(Duration::minutes(16));
    change(&stage, customer, &agreed).await.expect_problem(409, "stale_preview");
    assert_eq!(stage.bank.captured().len(), 1);
}

#[tokio::test]
async fn a_cheaper_plan_begins_with_the_next_period() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let customer = stage.paying(&premium).await;
    preview(&stage, customer, &basic, "now").await.expect_problem(409, "only_at_period_end");
    preview(&stage, customer, &premium, "now").await.expect_problem(409, "same_price");
    let agreed = preview(&stage, customer, &basic, "period_end").await.expect(200);
    assert_eq!((&agreed["amount"]["amount"], &agreed["begins_at"]), (&json!(0), &json!("2027-02-28T10:00:00Z")));
    let changed = change(&stage, customer, &agreed).await.expect(200);
    assert_eq!(
        (&changed["subscription"]["running"]["plan"], &changed["subscription"]["next"]["plan"]),
        (&json!("premium"), &json!("basic"))
    );
    stage.advance(Duration::days(28));
    stage.renew().await;
    let subscription = stage.subscription(customer).await;
    assert_eq!((&subscription["running"]["plan"], &subscription["next"]), (&json!("basic"), &json!(null)));
    assert_eq!(stage.bank.captured().iter().filter(|payment| payment["amount"]["amount"] == 1_000).count(), 1);
}

#[tokio::test]
async fn a_change_that_is_declined_changes_nothing_and_one_that_is_unknown_comes_later() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let customer = stage.paying(&basic).await;
    let agreed = preview(&stage, customer, &premium, "now").await.expect(200);
    stage.bank.expect([Mood::Decline]);
    change(&stage, customer, &agreed).await.expect_problem(402, "payment_declined");
    assert_eq!(stage.subscription(customer).await["running"]["plan"], "basic");
    stage.advance(Duration::hours(25));
    let agreed = preview(&stage, customer, &premium, "now").await.expect(200);
    stage.bank.expect([Mood::LostAfter]);
    let unknown = change(&stage, customer, &agreed).await.expect(200);
    assert_eq!(
        (&unknown["payment"]["status"], &unknown["subscription"]["running"]["plan"]),
        (&json!("unknown"), &json!("basic"))
    );
    change(&stage, customer, &agreed).await.expect_problem(409, "payment_under_way");
    stage.advance(Duration::minutes(6));
    stage.resolve().await;
    assert_eq!(stage.subscription(customer).await["running"]["plan"], "premium");
    assert_eq!(stage.bank.captured().len(), 2);
    stage.check_books().await;
}

async fn change_with_key(stage: &Stage, customer: Customer, agreed: &Value, key: &str) -> testkit::Answer {
    let call = stage.app.post("/v1/subscriptions/me/change", agreed).token(&stage.token(customer));
    call.header("idempotency-key", key).send().await
}

#[tokio::test]
async fn a_key_that_was_declined_charges_nothing_again() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let customer = stage.paying(&basic).await;
    let agreed = preview(&stage, customer, &premium, "now").await.expect(200);
    stage.bank.expect([Mood::Decline]);
    let first = change_with_key(&stage, customer, &agreed, "one").await.expect_problem(402, "payment_declined");
    let calls = stage.bank.calls();
    for _ in 0..3 {
        let again = change_with_key(&stage, customer, &agreed, "one").await.expect_problem(402, "payment_declined");
        assert_eq!(again["payment_id"], first["payment_id"]);
    }
    assert_eq!(stage.bank.calls(), calls);
    let mut other = agreed.clone();
    other["version"] = json!(99);
    change_with_key(&stage, customer, &other, "one").await.expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn after_a_declined_change_another_card_can_be_given_and_renewals_are_charged_to_it() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let customer = stage.paying(&basic).await;
    let (_, page) = on_a_page(&stage, customer, &premium).await;
    assert_eq!(page["subscription"]["running"]["plan"], "basic");
    stage.pay(&page).await;
    assert_eq!(stage.subscription(customer).await["running"]["plan"], "premium");
    // What is charged by schedule asks nobody.
    stage.advance(Duration::days(28));
    let calls = stage.bank.calls();
    stage.renew().await;
    assert_eq!(stage.bank.calls(), calls + 1);
    assert_eq!(stage.subscription(customer).await["running"]["amount"]["amount"], 2_000);
    stage.check_books().await;
}

#[tokio::test]
async fn another_change_closes_the_page_of_the_one_before() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let family = stage.plan("family", 3_000, 0).await;
    let customer = stage.paying(&basic).await;
    let (agreed, page) = on_a_page(&stage, customer, &premium).await;
    let again = change(&stage, customer, &agreed).await.expect(200);
    assert_eq!(page["checkout_url"], again["checkout_url"], "the same is paid on the same page");

    let agreed = preview(&stage, customer, &family, "now").await.expect(200);
    let other = change(&stage, customer, &agreed).await.expect(200);
    assert_ne!(page["checkout_url"], other["checkout_url"]);
    stage.resolve().await;
    let of = |page: &Value| page["payment"]["id"].as_str().unwrap().to_owned();
    assert_eq!(stage.bank.open_pages(), [of(&other)], "nobody pays for what was not chosen");
    // What costs nothing now closes it as well, and the first can be chosen once more.
    let agreed = preview(&stage, customer, &family, "period_end").await.expect(200);
    assert!(change(&stage, customer, &agreed).await.expect(200)["checkout_url"].is_null());
    stage.resolve().await;
    assert_eq!(stage.bank.open_pages(), Vec::<String>::new());
    let agreed = preview(&stage, customer, &premium, "now").await.expect(200);
    let first = change(&stage, customer, &agreed).await.expect(200);
    assert_ne!(of(&first), of(&page));
    stage.pay(&first).await;
    assert_eq!(stage.subscription(customer).await["running"]["plan"], "premium");
    assert_eq!((stage.bank.captured().len(), stage.bank.given_back()), (2, 0));
    stage.check_books().await;
}

#[tokio::test]
async fn a_double_click_is_one_change() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    for (from, to, when) in [(&basic, &premium, "now"), (&premium, &basic, "period_end")] {
        let customer = stage.paying(from).await;
        let agreed = preview(&stage, customer, to, when).await.expect(200);
        let before = stage.bank.captured().len();
        let answers = join_all((0..4).map(|_| change_with_key(&stage, customer, &agreed, "one"))).await;
        assert!(answers.iter().any(|answer| answer.status == 200));
        for answer in answers {
            if answer.status != 200 {
                answer.expect_problem(409, "request_in_flight");
            }
        }
        change_with_key(&stage, customer, &agreed, "one").await.expect(200);
        assert_eq!(stage.bank.captured().len() - before, usize::from(when == "now"));
        // One that died before its answer was stored goes on where it was.
        sqlx::query("delete from idempotency_keys where scope not like '% begins %'")
            .execute(&stage.pool)
            .await
            .unwrap();
        change_with_key(&stage, customer, &agreed, "one").await.expect(200);
    }
    stage.check_books().await;
}

#[tokio::test]
async fn what_is_to_come_is_taken_back_although_the_running_price_is_not_offered_any_more() {
    let stage = Stage::start().await;
    let basic = stage.plan("basic", 1_000, 0).await;
    for when in ["period_end", "now"] {
        let premium = stage.plan("premium", 2_000, 0).await;
        let customer = stage.paying(&premium).await;
        let agreed = preview(&stage, customer, &basic, "period_end").await.expect(200);
        change(&stage, customer, &agreed).await.expect(200);
        let newer = stage.plan("premium", 2_500, 0).await;
        assert_ne!(newer, premium);
        let back = preview(&stage, customer, &premium, when).await.expect(200);
        assert_eq!((&back["amount"]["amount"], &back["period_amount"]["amount"]), (&json!(0), &json!(2_000)));
        let changed = change(&stage, customer, &back).await.expect(200);
        let (running, next) = (&changed["subscription"]["running"], &changed["subscription"]["next"]);
        assert_eq!((&running["price_id"], next), (&json!(premium), &json!(null)));
        // With nothing to take back it is what nobody can choose.
        preview(&stage, customer, &premium, when).await.expect_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn the_same_change_is_paid_on_the_same_page_however_late_it_is_asked_for() {
    let stage = Stage::start().await;
    let (basic, premium) = (stage.plan("basic", 1_000, 0).await, stage.plan("premium", 2_000, 0).await);
    let family = stage.plan("family", 3_000, 0).await;
    let customer = stage.paying(&basic).await;
    let (agreed, page) = on_a_page(&stage, customer, &premium).await;
    stage.advance(Duration::hours(1));
    let later = preview(&stage, customer, &premium, "now").await.expect(200);
    assert_eq!(later["amount"], agreed["amount"], "what the page says is what it costs");
    let again = change(&stage, customer, &later).await.expect(200);
    assert_eq!(page["payment"]["id"], again["payment"]["id"]);
    // Another costs what is reckoned now.
    let other = preview(&stage, customer, &family, "now").await.expect(200);
    assert!(other["amount"]["amount"].as_i64() > agreed["amount"]["amount"].as_i64());

    // It was paid, and nobody has told of it: whoever asks again has what they paid for, and nothing goes back.
    stage.bank.pay(page["payment"]["id"].as_str().unwrap());
    let had = change(&stage, customer, &later).await.expect(200);
    assert_eq!((&had["subscription"]["running"]["plan"], had["checkout_url"].is_null()), (&json!("premium"), true));
    change(&stage, customer, &other).await.expect_problem(409, "stale_preview");
    stage.resolve().await;
    assert_eq!((stage.bank.captured().len(), stage.bank.given_back()), (2, 0));
    stage.check_books().await;
}
