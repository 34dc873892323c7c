use serde_json::{Value, json};
use testkit::Token;

use crate::home::{Home, Person};

#[tokio::test]
async fn an_account_is_shown_with_an_etag() {
    let home = Home::start().await;
    let person = home.person().await;
    let answer = home.app.get("/v1/users/me").token(&person.token()).send().await;
    let expected = json!({"id": person.account, "email": "anna@example.com", "name": null, "locale": "ru", "territory": null,
        "default_profile_id": person.profile, "created_at": "2026-01-01T12:00:00Z"});
    assert_eq!(answer.expect(200), expected);
    let tag = answer.header("etag").unwrap().to_owned();
    let again = home.app.get("/v1/users/me").token(&person.token()).header("if-none-match", &tag).send().await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
}

#[tokio::test]
async fn a_new_account_has_its_default_profile() {
    let home = Home::start().await;
    let person = home.person().await;
    let profiles = home.app.get("/v1/users/me/profiles").token(&person.token()).send().await.expect(200);
    let expected = json!({"id": person.profile, "name": "Основной", "avatar": "default", "locale": "ru", "max_rating": 18,
        "has_pin": false, "is_default": true, "autoplay": true});
    assert_eq!(profiles, json!({"items": [expected]}));
}

#[tokio::test]
async fn nobody_sees_another_account() {
    let home = Home::start().await;
    let (anna, boris) = (home.person().await, home.person().await);
    for person in [&anna, &boris] {
        let account = home.app.get("/v1/users/me").token(&person.token()).send().await.expect(200);
        assert_eq!(account["id"], person.account.to_string());
        let profiles = home.app.get("/v1/users/me/profiles").token(&person.token()).send().await.expect(200);
        assert_eq!(profiles["items"].as_array().unwrap().len(), 1);
        assert_eq!(profiles["items"][0]["id"], person.profile.to_string());
    }
}

#[tokio::test]
async fn an_account_that_has_not_arrived_is_404_for_now() {
    let home = Home::start().await;
    let token = Person::new().token();
    for path in ["/v1/users/me", "/v1/users/me/profiles"] {
        let answer = home.app.get(path).token(&token).send().await;
        answer.expect_problem(404, "account_not_ready");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    let body = json!({"name": "Anna"});
    home.app.post("/v1/users/me/profiles", &body).token(&token).send().await.expect_problem(404, "account_not_ready");
    let entitlements = home.app.get("/v1/users/me/entitlements").token(&token).send().await.expect(200);
    let none =
        json!({"plan": null, "max_streams": 0, "max_height": 0, "valid_to": null, "grace_to": null, "titles": []});
    assert_eq!(entitlements, none);
}

#[tokio::test]
async fn every_route_needs_a_good_token() {
    let home = Home::start().await;
    let person = home.person().await;
    for path in ["/v1/users/me", "/v1/users/me/profiles", "/v1/users/me/entitlements"] {
        home.app.get(path).send().await.expect_problem(401, "token_required");
        home.app.get(path).bearer(&Token::expired()).send().await.expect_problem(401, "token_expired");
        home.app.get(path).bearer(&person.token().forged()).send().await.expect_problem(401, "invalid_token");
        home.app.get(path).header("authorization", "Basic eA==").send().await.expect_problem(401, "invalid_token");
    }
    home.app.post("/v1/users/me/profiles", &Value::Null).send().await.expect_problem(401, "token_required");
}

#[tokio::test]
async fn without_postgres_the_answer_is_503() {
    let home = Home::start().await;
    let app = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing").app(user::operations::routes);
    for path in ["/v1/users/me", "/v1/users/me/profiles", "/v1/users/me/entitlements"] {
        app.get(path).token(&Token::fresh()).send().await.expect_problem(503, "temporarily_unavailable");
    }
}
