//! Where a provider sends us, and where it says the truth about itself.

use serde_json::{Value, json};
use testkit::Answer;

use crate::{
    issuer::{Issuer, query},
    oauth::{Journey, PAGE, come_back},
    stage::{Stage, fresh_email, from_the_edge},
};

const START: &str = "/v1/auth/oauth/scripted/start";

async fn with(issuer: &Issuer) -> Stage {
    Stage::with(&[("OAUTH_PROVIDERS", &issuer.setting())]).await
}

async fn start(stage: &Stage) -> Answer {
    from_the_edge(stage.app.get(START), &stage.address).send().await
}

#[tokio::test]
async fn no_endpoint_without_tls_is_asked() {
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
        for place in ["http://accounts.example/", "http://127.0.0.1@accounts.example/", "ftp://127.0.0.1/", "/relative"]
        {
            let issuer = Issuer::describing_itself(|document| document[name] = Value::from(place));
            start(&with(&issuer).await).await.expect_problem(502, "provider_unavailable");
        }
    }
    start(&with(&Issuer::start()).await).await.expect(303);
}

#[tokio::test]
async fn nobody_is_followed_elsewhere() {
    let said = json!({ "email": fresh_email(), "email_verified": true });
    let moved = Issuer::describing_itself(|document| {
        let url = document["issuer"].as_str().unwrap().to_owned();
        document["token_endpoint"] = json!(format!("{url}/moved/token"));
    });
    let stage = with(&moved).await;
    let journey = Journey::begin(&stage, START).await;
    moved.come_back(&stage, &journey, "1", &said).await.expect_problem(502, "provider_unavailable");
    assert_eq!(moved.exchanges(), 0);

    let moved = Issuer::describing_itself(|document| {
        let url = document["issuer"].as_str().unwrap().to_owned();
        document["jwks_uri"] = json!(format!("{url}/moved/keys"));
    });
    start(&with(&moved).await).await.expect_problem(502, "provider_unavailable");

    let issuer = Issuer::start();
    let setting = issuer.setting().replace(&issuer.url, &format!("{}/moved", issuer.url));
    let stage = Stage::with(&[("OAUTH_PROVIDERS", &setting)]).await;
    start(&stage).await.expect_problem(502, "provider_unavailable");

    // Where nothing has moved the same person gets in.
    let stage = with(&issuer).await;
    let journey = Journey::begin(&stage, START).await;
    let entered = issuer.come_back(&stage, &journey, "1", &said).await;
    entered.expect(303);
    assert_eq!(entered.header("location"), Some(&*format!("{PAGE}/#/signed-in")));
}

#[tokio::test]
async fn an_issuer_calls_itself_what_it_is_called() {
    for other in ["https://accounts.example", "http://127.0.0.1", ""] {
        let issuer = Issuer::describing_itself(|document| document["issuer"] = Value::from(other));
        start(&with(&issuer).await).await.expect_problem(502, "provider_unavailable");
    }
    let issuer = Issuer::describing_itself(|document| {
        document["issuer"] = json!(format!("{}/", document["issuer"].as_str().unwrap()));
    });
    start(&with(&issuer).await).await.expect_problem(502, "provider_unavailable");
}

#[tokio::test]
async fn whoever_names_itself_in_its_answers_names_itself_in_all() {
    let flag = "authorization_response_iss_parameter_supported";
    let issuer = Issuer::describing_itself(|document| document[flag] = json!(true));
    let stage = with(&issuer).await;
    let journey = Journey::begin(&stage, START).await;
    issuer.come_back(&stage, &journey, "1", &json!({})).await.expect_problem(400, "state_mismatch");
    let state = query(&journey.authorization_url, "state").unwrap();
    for (error, iss, status, code) in [
        ("access_denied", "https%3A%2F%2Faccounts.example".to_owned(), 400, "state_mismatch"),
        ("access_denied", String::new(), 400, "state_mismatch"),
        ("access_denied", issuer.url.clone(), 403, "sign_in_cancelled"),
    ] {
        let callback = format!("/v1/auth/oauth/scripted/callback?error={error}&state={state}&iss={iss}");
        come_back(&stage.app, &callback, &journey.cookie).await.expect_problem(status, code);
    }
    assert_eq!(issuer.exchanges(), 0);
}
