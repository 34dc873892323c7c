use serde_json::json;

use crate::stage::{Customer, Stage};

fn price(territory: Option<&str>, amount: i64, currency: &str) -> serde_json::Value {
    json!({"territory": territory, "period": "month", "amount": {"amount": amount, "currency": currency}, "tax_basis_points": 1900})
}

#[tokio::test]
async fn plans_are_offered_by_territory_with_their_tax() {
    let stage = Stage::start().await;
    stage.put_plan("standard", &json!([price(Some("DE"), 999, "EUR"), price(None, 899, "USD")])).await.expect(200);
    stage.put_plan("local", &json!([price(Some("FR"), 500, "EUR")])).await.expect(200);
    let seen = async |territory: &str| {
        let plans = stage.app.get("/v1/plans").territory(&territory.parse().unwrap()).send().await.expect(200);
        let items = plans["items"].as_array().unwrap().clone();
        items.iter().map(|plan| (plan["id"].clone(), plan["prices"][0]["amount"].clone())).collect::<Vec<_>>()
    };
    let euro = |minor: i64| json!({"amount": minor, "currency": "EUR"});
    assert_eq!(seen("DE").await, [(json!("standard"), euro(999))]);
    assert_eq!(
        seen("FR").await,
        [(json!("local"), euro(500)), (json!("standard"), json!({"amount": 899, "currency": "USD"}))]
    );
    let german = stage.app.get("/v1/plans").send().await.expect(200);
    assert_eq!(german["items"][0]["prices"][0]["tax"], euro(160));
    assert_eq!(german["items"][0]["name"], "standard");
    let russian = stage.app.get("/v1/plans").header("accept-language", "ru").send().await.expect(200);
    assert_eq!(russian["items"][0]["name"], "План");
}

#[tokio::test]
async fn a_price_that_stays_keeps_its_id_and_a_running_subscription_keeps_its_price() {
    let stage = Stage::start().await;
    let old = stage.plan("standard", 1_000, 0).await;
    assert_eq!(stage.plan("standard", 1_000, 0).await, old);
    let customer = stage.paying(&old).await;
    let new = stage.plan("standard", 2_000, 0).await;
    assert_ne!(new, old);
    // Nobody begins with the old one, and what it is paid for stays.
    stage.subscribe(Customer::new(), &old).await.expect_problem(422, "invalid_request");
    stage.advance(time::Duration::days(29));
    stage.renew().await;
    let subscription = stage.subscription(customer).await;
    assert_eq!(
        (&subscription["running"]["amount"]["amount"], &subscription["status"]),
        (&json!(1_000), &json!("active"))
    );
    assert_eq!(stage.bank.captured().iter().filter(|payment| payment["amount"]["amount"] == 1_000).count(), 2);
    // A plan that is offered to nobody any more goes on for who has it.
    let gone = json!({"names": {"en": "x"}, "max_streams": 1, "max_height": 480, "is_offered": false, "prices": []});
    stage.app.put("/v1/admin/plans/standard", &gone).token(&stage.staff("admin")).send().await.expect(200);
    assert_eq!(stage.app.get("/v1/plans").send().await.expect(200)["items"], json!([]));
    stage.advance(time::Duration::days(31));
    stage.renew().await;
    assert_eq!(stage.subscription(customer).await["status"], "active");
    stage.check_books().await;
}

#[tokio::test]
async fn prices_that_make_no_sense_are_refused_with_their_places() {
    let stage = Stage::start().await;
    for amount in [0, -5, 10_000_000_001] {
        let refused = stage.put_plan("standard", &json!([price(None, amount, "EUR")])).await;
        let problem = refused.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], "/prices/0/amount/amount");
    }
    let mixed = json!([price(None, 5, "EUR"), {"period": "year", "amount": {"amount": 5, "currency": "USD"}, "tax_basis_points": 0}]);
    stage.put_plan("standard", &mixed).await.expect_problem(422, "invalid_request");
    let float = json!([{"period": "month", "amount": {"amount": 9.99, "currency": "EUR"}, "tax_basis_points": 0}]);
    stage.put_plan("standard", &float).await.expect_problem(422, "invalid_request");
    stage.put_plan("No-Key", &json!([])).await.expect_problem(404, "not_found");
    assert_eq!(stage.app.get("/v1/plans").send().await.expect(200)["items"], json!([]));
}
