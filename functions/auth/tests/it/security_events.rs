use serde_json::{Value, json};
use time::Duration;

use crate::stage::{PASSWORD, SignedIn, Stage, fresh_email, text};

const PATH: &str = "/v1/auth/security-events";

async fn page(stage: &Stage, access: &str, query: &str) -> Value {
    stage.app.get(&format!("{PATH}{query}")).bearer(access).send().await.expect(200)
}

fn kinds(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect()
}

async fn history(stage: &Stage) -> SignedIn {
    let someone = stage.signed_in().await;
    for number in 0..3 {
        stage.advance(Duration::SECOND);
        stage.log_in(&someone.email, &format!("wrong horse {number}")).await.expect(401);
    }
    stage.advance(Duration::SECOND);
    let body = json!({ "email": someone.email, "password": PASSWORD, "device_name": "TV" });
    let tv = stage.post("/v1/auth/login", &body).send().await.expect(200);
    stage.advance(Duration::SECOND);
    stage.post_empty("/v1/auth/logout").bearer(text(&tv, "access_token")).send().await.expect(204);
    someone
}

#[tokio::test]
async fn what_happened_is_listed_newest_first_with_place_and_device() {
    let stage = Stage::start().await;
    let someone = history(&stage).await;
    let all = page(&stage, &someone.access, "").await;
    let failed = "sign_in_failed";
    assert_eq!(kinds(&all), ["signed_out", "signed_in", failed, failed, failed, "signed_in"]);
    let tv = &all["items"][1];
    assert_eq!((&tv["detail"], &tv["territory"], &tv["by_staff"]), (&json!("TV"), &json!("DE"), &json!(false)));
    assert_eq!(tv["address"], json!(stage.address));
    assert_eq!(all["items"][5]["session_id"], someone.claims["sid"]);
    assert!(all.get("next_cursor").is_none());
    let other = stage.signed_in().await;
    assert_eq!(kinds(&page(&stage, &other.access, "").await), ["signed_in"]);
}

#[tokio::test]
async fn pages_cover_the_list_once_also_while_it_grows() {
    let stage = Stage::start().await;
    let someone = history(&stage).await;
    let all = page(&stage, &someone.access, "?limit=100").await;
    let mut seen = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let part = page(&stage, &someone.access, &query).await;
        seen.extend(part["items"].as_array().unwrap().clone());
        let Some(cursor) = part["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
        stage.log_in(&someone.email, "one more wrong horse").await.expect(401);
    }
    assert_eq!(json!(seen), all["items"]);
}

#[tokio::test]
async fn events_of_one_instant_are_neither_lost_nor_repeated() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    for number in 0..5 {
        stage.log_in(&someone.email, &format!("wrong horse {number}")).await.expect(401);
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut query = "?limit=1".to_owned();
    for _ in 0..6 {
        let part = page(&stage, &someone.access, &query).await;
        assert!(seen.insert(text(&part["items"][0], "event_id").to_owned()));
        query = part["next_cursor"].as_str().map_or_else(String::new, |cursor| format!("?limit=1&cursor={cursor}"));
    }
    assert_eq!((seen.len(), query.as_str()), (6, ""));
}

#[tokio::test]
async fn a_cursor_of_another_account_or_a_changed_one_is_400() {
    let stage = Stage::start().await;
    let (someone, other) = (history(&stage).await, stage.signed_in().await);
    let cursor = text(&page(&stage, &someone.access, "?limit=1").await, "next_cursor").to_owned();
    for (access, cursor) in [(&other.access, cursor.as_str()), (&someone.access, &cursor[1..]), (&someone.access, "x")]
    {
        let answer = stage.app.get(&format!("{PATH}?cursor={cursor}")).bearer(access).send().await;
        answer.expect_problem(400, "invalid_cursor");
    }
    for query in ["?limit=0", "?limit=101", "?limit=x", "?kind=signed_in"] {
        let answer = stage.app.get(&format!("{PATH}{query}")).bearer(&someone.access).send().await;
        answer.expect_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn a_stolen_refresh_token_and_a_wrong_pin_are_told() {
    let stage = Stage::start().await;
    let someone = stage.signed_in().await;
    let first = stage.refresh(&someone.refresh).await.expect(200);
    stage.refresh(text(&first, "refresh_token")).await.expect(200);
    stage.advance(Duration::SECOND);
    stage.refresh(&someone.refresh).await.expect(401);
    stage.refresh(&someone.refresh).await.expect(401);
    stage.advance(Duration::SECOND);
    let again = stage.log_in(&someone.email, PASSWORD).await.expect(200);
    let all = page(&stage, text(&again, "access_token"), "").await;
    assert_eq!(kinds(&all), ["signed_in", "refresh_reused", "signed_in"]);
    assert_eq!(all["items"][1]["session_id"], someone.claims["sid"]);
}

#[tokio::test]
async fn a_failed_sign_in_of_an_unknown_address_belongs_to_nobody() {
    let stage = Stage::start().await;
    stage.log_in(&fresh_email(), PASSWORD).await.expect(401);
    let (account, detail): (Option<String>, Option<String>) =
        sqlx::query_as("select account_id, detail from security_events")
            .fetch_one(&stage.service.pool())
            .await
            .unwrap();
    assert_eq!((account, detail), (None, None), "not even the address that was tried");
}
