use events::Outcome;
use serde_json::json;
use time::Duration;

use crate::{bank::Mood, stage::Stage};

#[tokio::test]
async fn running_again_never_charges_twice() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    stage.renew().await;
    assert_eq!(stage.bank.captured().len(), 1, "nothing is due yet");
    stage.advance(Duration::days(28));
    for _ in 0..3 {
        assert_eq!(stage.renew().await, Some(Outcome::Done));
    }
    assert_eq!(stage.bank.captured().len(), 2);
    let subscription = stage.subscription(customer).await;
    assert_eq!(
        (&subscription["period_from"], &subscription["period_to"]),
        (&json!("2027-02-28T10:00:00Z"), &json!("2027-03-31T10:00:00Z"))
    );
    stage.check_books().await;
}

#[tokio::test]
async fn two_runs_at_once_charge_once() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    for _ in 0..3 {
        stage.paying(&price).await;
    }
    stage.advance(Duration::days(28));
    futures::future::join_all((0..4).map(|_| stage.renew())).await;
    assert_eq!(stage.bank.captured().len(), 6);
    stage.check_books().await;
}

#[tokio::test]
async fn a_renewal_that_dies_before_or_after_the_bank_is_found_again() {
    for mood in [Mood::CrashBefore, Mood::CrashAfter, Mood::LostBefore, Mood::LostAfter, Mood::Busy] {
        let stage = Stage::start().await;
        let price = stage.plan("standard", 1_000, 0).await;
        let customer = stage.paying(&price).await;
        stage.advance(Duration::days(28));
        stage.bank.expect([mood]);
        let dies = matches!(mood, Mood::CrashBefore | Mood::CrashAfter);
        assert_eq!(stage.renew().await.is_none(), dies, "{mood:?}");
        stage.renew().await;
        stage.advance(Duration::minutes(6));
        stage.resolve().await;
        assert_eq!(stage.bank.captured().len(), 2, "{mood:?}");
        assert_eq!(stage.subscription(customer).await["status"], "active", "{mood:?}");
        assert_eq!(stage.number("select count(*) from payments where status <> 'succeeded'").await, 0, "{mood:?}");
        stage.check_books().await;
    }
}

#[tokio::test]
async fn declines_are_tried_again_on_days_three_five_and_seven() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    let id = stage.subscription(customer).await["id"].as_str().unwrap().to_owned();
    stage.advance(Duration::days(28));
    stage.bank.expect([Mood::Decline; 4]);
    stage.renew().await;
    assert_eq!(stage.subscription(customer).await["status"], "past_due");
    let told = stage.told("cinema.payment.subscription_changed.v1", &id).await;
    assert_eq!((&told[1]["status"], &told[1]["grace_to"]), (&json!("past_due"), &json!("2027-03-08T10:00:00Z")));
    let mut tries = vec![];
    for day in 1..=8 {
        stage.advance(Duration::DAY);
        let before = stage.bank.calls();
        stage.dun().await;
        stage.dun().await;
        if stage.bank.calls() > before {
            tries.push(day);
        }
    }
    assert_eq!(tries, [3, 5, 7]);
    assert_eq!(stage.subscription(customer).await["status"], "suspended");
    let told = stage.told("cinema.payment.subscription_changed.v1", &id).await;
    assert_eq!(told.last().unwrap()["grace_to"], "2027-02-28T10:00:00Z");
    // It can still be paid, and begins anew then.
    let page = stage.post_empty(customer, "/v1/subscriptions/me/resume").await.expect(200);
    stage.pay(&page).await;
    let back = stage.subscription(customer).await;
    assert_eq!((&back["status"], &back["period_from"]), (&json!("active"), &json!("2027-03-08T10:00:00Z")));
    stage.check_books().await;
}

#[tokio::test]
async fn whoever_pays_meanwhile_ends_the_ladder() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    stage.advance(Duration::days(28));
    stage.bank.expect([Mood::Decline]);
    stage.renew().await;
    stage.advance(Duration::DAY);
    let page = stage.post_empty(customer, "/v1/subscriptions/me/resume").await.expect(200);
    stage.pay(&page).await;
    let before = stage.bank.calls();
    for _ in 0..8 {
        stage.advance(Duration::DAY);
        stage.dun().await;
        stage.renew().await;
    }
    assert_eq!(stage.bank.calls(), before);
    let subscription = stage.subscription(customer).await;
    assert_eq!(
        (&subscription["status"], &subscription["period_to"]),
        (&json!("active"), &json!("2027-03-31T10:00:00Z"))
    );
}

#[tokio::test]
async fn what_stays_unpaid_ends_after_a_month() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    stage.advance(Duration::days(28));
    stage.bank.expect([Mood::Decline; 4]);
    stage.renew().await;
    for _ in 0..38 {
        stage.advance(Duration::DAY);
        stage.dun().await;
    }
    assert_eq!(stage.subscription(customer).await["status"], "ended");
    stage.post_empty(customer, "/v1/subscriptions/me/resume").await.expect_problem(409, "subscription_ended");
    assert_eq!(stage.number("select count(*) from invoices where status = 'open'").await, 0);
    stage.check_books().await;
}

#[tokio::test]
async fn a_cancelled_one_ends_with_its_period_and_a_pause_rests() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let (leaver, rester, undecided) =
        (stage.paying(&price).await, stage.paying(&price).await, stage.paying(&price).await);
    let cancel = "/v1/subscriptions/me/cancel";
    let left = stage.post(leaver, cancel, &json!({})).await.expect(200);
    assert_eq!(
        (&left["subscription"]["status"], &left["subscription"]["is_cancelled"]),
        (&json!("active"), &json!(true))
    );
    stage.post(rester, cancel, &json!({"pause_for_months": 1})).await.expect(200);
    stage.post(rester, cancel, &json!({"pause_for_months": 4})).await.expect_problem(422, "invalid_request");
    // No body is an empty one.
    let left = stage.post_empty(undecided, cancel).await.expect(200);
    assert_eq!(left["subscription"]["is_cancelled"], true);
    stage.post_empty(undecided, "/v1/subscriptions/me/resume").await.expect(200);
    stage.advance(Duration::days(28));
    stage.renew().await;
    let status = async |customer| stage.subscription(customer).await["status"].clone();
    assert_eq!(status(leaver).await, "ended");
    assert_eq!(status(rester).await, "paused");
    assert_eq!(status(undecided).await, "active");
    stage.post(leaver, cancel, &json!({})).await.expect_problem(409, "subscription_ended");
    assert_eq!(stage.bank.captured().len(), 4);
    stage.advance(Duration::days(31));
    stage.renew().await;
    assert_eq!(status(rester).await, "active");
    stage.check_books().await;
}

#[tokio::test]
async fn a_day_of_failures_is_bounded() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    stage.advance(Duration::days(28));
    // Something is wrong with the state machine: it says again and again that it is due.
    for _ in 0..6 {
        stage.bank.expect([Mood::Decline]);
        stage.renew().await;
        sqlx::query("update subscriptions set status = 'active', due_at = $1, document = document || '{\"status\": \"active\", \"dunning\": null}'")
            .bind(stage.world.now())
            .execute(&stage.service.pool())
            .await
            .unwrap();
    }
    assert_eq!(stage.bank.calls(), 1 + 3, "the page, and three charges");
    assert_eq!(stage.subscription(customer).await["status"], "active");
}

#[tokio::test]
async fn a_pause_is_told_with_its_end() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let customer = stage.paying(&price).await;
    let id = stage.subscription(customer).await["id"].as_str().unwrap().to_owned();
    let last = async || stage.told("cinema.payment.subscription_changed.v1", &id).await.pop().unwrap();
    let (cancel, resume) = ("/v1/subscriptions/me/cancel", "/v1/subscriptions/me/resume");
    assert_eq!(last().await["resumes_at"], "");
    stage.post(customer, cancel, &json!({"pause_for_months": 1})).await.expect(200);
    let told = last().await;
    assert_eq!((&told["status"], &told["resumes_at"]), (&json!("cancelled"), &json!("2027-03-28T10:00:00Z")));
    stage.post_empty(customer, resume).await.expect(200);
    assert_eq!(last().await["resumes_at"], "");
    stage.post(customer, cancel, &json!({})).await.expect(200);
    assert_eq!(last().await["resumes_at"], "", "what is cancelled does not come back by itself");
    stage.post(customer, cancel, &json!({"pause_for_months": 2})).await.expect(200);
    stage.advance(Duration::days(28));
    stage.renew().await;
    assert_eq!(last().await["resumes_at"], "2027-04-28T10:00:00Z");
    // Whoever comes back sooner pays at once.
    stage.advance(Duration::days(3));
    stage.post_empty(customer, resume).await.expect(200);
    assert_eq!(last().await["resumes_at"], "2027-03-03T10:00:00Z");
    stage.renew().await;
    let told = last().await;
    assert_eq!((&told["status"], &told["resumes_at"]), (&json!("active"), &json!("")));
}
