//! The whole life of an account through the edge, and then nothing of it anywhere.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{address_of, authenticator, aws_url, new_viewer, sweep::traces, title, visitor};

pub const PASSWORD: &str = "a long enough sentence";

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// A call with an access token of one's own.
pub async fn call(method: Method, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
    let bearer = format!("Bearer {token}");
    visitor().raw(method, path, body.as_ref(), &[("authorization", &bearer)]).await.expect("an answer")
}

/// What a person has done who signs in with a second factor.
pub struct Life {
    pub email: String,
    pub access: String,
    pub refresh: String,
    pub secret: String,
    pub account: String,
    pub profiles: Vec<String>,
    pub codes: Vec<String>,
}

/// Signs up, turns on the second factor, signs in with it and uses the product.
pub async fn live(name: &str) -> Life {
    let viewer = new_viewer(name).await;
    let claims = viewer.claims().unwrap();
    let email = address_of(&viewer).await;

    let enrolled = viewer.post("/v1/auth/mfa/totp", &json!({})).await.unwrap();
    let secret = text(&enrolled, "secret").to_owned();
    // Each step is taken once: the next one is for signing in.
    let first = authenticator::code(&secret, 0);
    viewer.post("/v1/auth/mfa/totp/confirm", &json!({ "code": first })).await.unwrap();
    let credentials = json!({ "email": email, "password": PASSWORD, "device_name": "a phone" });
    let half = visitor().post("/v1/auth/login", &credentials).await.unwrap();
    let second = authenticator::code(&secret, 1);
    let proof = json!({ "mfa_token": half["mfa_token"], "code": second });
    let token = visitor().post("/v1/auth/mfa/verify", &proof).await.unwrap();
    let access = text(&token, "access_token").to_owned();

    let (status, profile) =
        call(Method::POST, "/v1/users/me/profiles", &access, Some(json!({ "name": "Second", "pin": "4711" }))).await;
    assert_eq!(status, 201, "{profile}");
    let film = title("clockwork").await;
    for (path, body) in
        [(format!("/v1/watchlist/{film}"), None), (format!("/v1/ratings/{film}"), Some(json!({ "value": 8 })))]
    {
        let (status, answer) = call(Method::PUT, &path, &access, body).await;
        assert!((200..300).contains(&status), "{path}: {answer}");
    }
    let start = json!({ "title_id": film, "device_id": format!("device-{}", text(&claims, "sub")) });
    let (status, session) = call(Method::POST, "/v1/playback/sessions", &access, Some(start)).await;
    assert_eq!(status, 201, "{session}");
    let beats = format!("/v1/playback/sessions/{}/heartbeat", text(&session, "session_id"));
    for position in 1..3 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let beat = json!({ "position": f64::from(position), "state": "playing" });
        assert_eq!(call(Method::POST, &beats, &access, Some(beat)).await.0, 200);
    }
    Life {
        email,
        access,
        refresh: text(&token, "refresh_token").to_owned(),
        secret,
        account: text(&claims, "sub").to_owned(),
        profiles: vec![text(&claims, "pid").to_owned(), text(&profile, "id").to_owned()],
        codes: vec![first, second],
    }
}

async fn export(access: &str) {
    let (status, begun) = call(Method::POST, "/v1/users/me/export", access, None).await;
    assert_eq!(status, 202, "{begun}");
    let path = format!("/v1/users/me/export/{}", text(&begun, "id"));
    for _ in 0..90 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (_, export) = call(Method::GET, &path, access, None).await;
        if export["status"] == "ready" {
            let url = text(&export, "url");
            assert!(url.starts_with(&format!("{}/storage/exports/", visitor().base())), "{url}");
            let archive = visitor().http().get(url).send().await.unwrap();
            assert_eq!(archive.status(), 200);
            assert_eq!(&archive.bytes().await.unwrap()[..2], b"PK");
            return;
        }
    }
    panic!("the export does not become ready: {:?}", call(Method::GET, &path, access, None).await);
}

#[tokio::test]
async fn of_somebody_who_leaves_nothing_is_left_in_any_engine() {
    let life = live("leaves").await;
    export(&life.access).await;
    let mut needles = vec![life.email.clone(), life.account.clone()];
    needles.extend(life.profiles.clone());
    let before = traces(&needles).await;
    for place in ["Postgres auth.accounts", "Postgres user.accounts", "DynamoDB", "exports/"] {
        assert!(before.iter().any(|trace| trace.contains(place)), "the sweep does not see {place}: {before:?}");
    }

    let (status, begun) = call(Method::DELETE, "/v1/auth/account", &life.access, None).await;
    assert_eq!(status, 202, "{begun}");
    let (status, again) = call(Method::DELETE, "/v1/auth/account", &life.access, None).await;
    assert_eq!((status, &again), (202, &begun));
    let credentials = json!({ "email": life.email, "password": PASSWORD });
    let (status, _) = visitor().raw(Method::POST, "/v1/auth/login", Some(&credentials), &[]).await.unwrap();
    assert_eq!(status, 401);
    let refresh = json!({ "refresh_token": life.refresh });
    let (status, _) = visitor().raw(Method::POST, "/v1/auth/refresh", Some(&refresh), &[]).await.unwrap();
    assert_eq!(status, 401);

    let receipts = text(&begun, "receipts_url");
    let path = receipts.strip_prefix(visitor().base()).unwrap_or(receipts).to_owned();
    let mut progress = Value::Null;
    for _ in 0..180 {
        progress = visitor().get(&path).await.unwrap();
        if progress["done"] == true {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!((&progress["done"], &progress["waiting_for"]), (&json!(true), &json!([])), "{progress}");
    let receipts = progress["receipts"].as_array().unwrap().len();
    assert!(receipts >= 6, "{progress}");

    // What is still on its way, playback above all, is refused when it arrives; the last mail leaves the outbox.
    let mut left = traces(&needles).await;
    for _ in 0..45 {
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        left = traces(&needles).await;
    }
    assert!(left.is_empty(), "{left:#?}");
    tokio::time::sleep(Duration::from_secs(20)).await;
    let late = traces(&needles).await;
    assert!(late.is_empty(), "came back: {late:#?}");

    let mails = edge::mails(visitor().http(), &aws_url(), &life.email).await.unwrap();
    let tells_all = mails.iter().any(|mail| mail.text.matches("records deleted: ").count() == receipts);
    assert!(tells_all, "the receipts were not mailed: {mails:?}");
}
