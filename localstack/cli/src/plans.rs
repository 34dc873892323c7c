//! The demo's plan and prices: offered by the administrator; the plan is bought on the sandbox's page as a person buys it.

use anyhow::{Context, Result, bail, ensure};
use reqwest::{StatusCode, header::CONTENT_TYPE};
use serde_json::json;

use crate::client::Cinema;

const PLAN: &str = "standard";
/// What the sandbox's page takes without a word.
const CARD: &str = "4242424242424242";

/// Offers the plan, unless it is offered already: an administrator may have changed it.
pub(crate) async fn offer(editor: &Cinema) -> Result<()> {
    if price_of_plan(editor).await?.is_some() {
        return Ok(());
    }
    let price = |territory: Option<&str>, period: &str, amount: i64, currency: &str, tax_basis_points: u16| {
        json!({
            "territory": territory, "period": period, "amount": {"amount": amount, "currency": currency},
            "tax_basis_points": tax_basis_points,
        })
    };
    let plan = json!({
        "names": {"en": "Standard", "ru": "Стандарт"}, "max_streams": 2, "max_height": 1080, "is_offered": true,
        "prices": [
            price(Some("RU"), "month", 29_900, "RUB", 2_000), price(Some("RU"), "year", 299_000, "RUB", 2_000),
            price(None, "month", 799, "EUR", 1_900), price(None, "year", 7_990, "EUR", 1_900),
        ],
    });
    editor.put(&format!("/v1/admin/plans/{PLAN}"), &plan).await.map(drop)
}

/// Prices a new title to rent and to buy. Payment hears of it by an event.
pub(crate) async fn price(editor: &Cinema, title: &str) -> Result<()> {
    let price = |territory: Option<&str>, kind: &str, amount: i64, currency: &str, tax_basis_points: u16| {
        json!({
            "territory": territory, "kind": kind, "amount": {"amount": amount, "currency": currency},
            "tax_basis_points": tax_basis_points,
        })
    };
    let prices = json!({ "prices": [
        price(Some("RU"), "rent", 14_900, "RUB", 2_000), price(Some("RU"), "buy", 39_900, "RUB", 2_000),
        price(None, "rent", 399, "EUR", 1_900), price(None, "buy", 999, "EUR", 1_900),
    ] });
    let mut priced = editor.put(&format!("/v1/admin/titles/{title}/prices"), &prices).await;
    for _ in 0..60 {
        if priced.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        priced = editor.put(&format!("/v1/admin/titles/{title}/prices"), &prices).await;
    }
    priced.map(drop).context("the title has no price; see `cargo cinema logs payment-project-titles`")
}

/// The id of the plan's price for a month where the caller is.
async fn price_of_plan(client: &Cinema) -> Result<Option<String>> {
    let plans = client.get("/v1/plans").await?;
    let plan = plans["items"].as_array().into_iter().flatten().find(|plan| plan["id"] == PLAN);
    let prices = plan.and_then(|plan| plan["prices"].as_array()).into_iter().flatten();
    let month = prices.into_iter().find(|price| price["period"] == "month");
    Ok(month.and_then(|price| price["id"].as_str()).map(str::to_owned))
}

/// Subscribes an account that has no plan, pays, and waits until the plan has arrived.
pub(crate) async fn buy(account: &Cinema) -> Result<()> {
    if plan_of(account).await?.is_some() {
        return Ok(());
    }
    let price = price_of_plan(account).await?.with_context(|| format!("the plan {PLAN} is not offered here"))?;
    let answer = account.post("/v1/subscriptions", &json!({ "price_id": price })).await?;
    if let Some(url) = answer["checkout_url"].as_str() {
        pay(account, url).await?;
    }
    for _ in 0..120 {
        if plan_of(account).await?.is_some() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    bail!("the plan does not arrive; see `cargo cinema logs payment-process-webhook` and `user-project-subscriptions`")
}

/// The plan that the account's entitlements name.
async fn plan_of(account: &Cinema) -> Result<Option<String>> {
    // A new account's entitlements are made by an event.
    let Ok(held) = account.get("/v1/users/me/entitlements").await else { return Ok(None) };
    Ok(held["plan"].as_str().filter(|plan| !plan.is_empty()).map(str::to_owned))
}

/// Fills in the sandbox's page.
async fn pay(account: &Cinema, url: &str) -> Result<()> {
    let page = account.http().get(url).send().await.context("the sandbox does not answer")?.text().await?;
    let form = form_of(&page).context("the sandbox shows no page to pay on")?;
    let body = format!("form={form}&number={CARD}&expires=12%2F34&action=pay");
    let paid = account.http().post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
    let status = paid.send().await.context("the sandbox does not answer")?.status();
    ensure!(status == StatusCode::SEE_OTHER, "the sandbox takes no payment: {status}");
    Ok(())
}

/// The hidden field that proves that its own page sends the form.
fn form_of(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("name=\"form\" value=\"")?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_hidden_field_is_found() {
        let page = r#"<form method="post"><input type="hidden" name="form" value="07b7"><label>"#;
        assert_eq!(form_of(page), Some("07b7"));
        assert_eq!(form_of("<h1>Nothing</h1>"), None);
    }
}
