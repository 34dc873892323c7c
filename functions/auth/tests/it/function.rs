//! The shipped binaries on the Runtime API.

use serde_json::{Value, json};
use testkit::{Function, Service, gateway, golden, lambda::pairs};

use crate::stage::{PASSWORD, Stage, fresh_email, service, text};

async fn call(
    service: &Service,
    name: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> (u64, Value) {
    let mut function = Function::start(name, &pairs(service.vars())).await;
    let body = body.map(Value::to_string);
    let headers = [&[("content-type", "application/json")], headers].concat();
    let answer = function.invoke(&gateway::event(method, path, &headers, body.as_deref())).await.unwrap();
    let text = answer["body"].as_str().unwrap_or_default();
    (answer["statusCode"].as_u64().unwrap(), serde_json::from_str(text).unwrap_or_default())
}

#[tokio::test]
async fn the_whole_way_from_registration_to_log_out() {
    let stage = Stage::start().await;
    let service = &stage.service;
    let email = fresh_email();
    let credentials = json!({ "email": email, "password": PASSWORD });
    let (status, body) =
        call(service, "auth-register-account", ("POST", "/v1/auth/register"), &[], Some(&credentials)).await;
    assert_eq!((status, body), (202, json!({ "status": "verification_sent" })));

    let code = stage.code(&email).await;
    let request = json!({ "email": email, "code": code, "password": PASSWORD });
    let (status, body) =
        call(service, "auth-verify-email", ("POST", "/v1/auth/verify-email"), &[], Some(&request)).await;
    assert_eq!((status, body), (204, Value::Null));

    let (status, token) = call(service, "auth-log-in", ("POST", "/v1/auth/login"), &[], Some(&credentials)).await;
    assert_eq!(status, 200, "{token}");
    let request = json!({ "refresh_token": token["refresh_token"] });
    let (status, token) =
        call(service, "auth-refresh-session", ("POST", "/v1/auth/refresh"), &[], Some(&request)).await;
    assert_eq!(status, 200, "{token}");

    let bearer = format!("Bearer {}", text(&token, "access_token"));
    let headers = [("authorization", bearer.as_str())];
    let request = json!({ "profile_id": token["profile_id"] });
    let (status, switched) =
        call(service, "auth-switch-profile", ("POST", "/v1/auth/profile"), &headers, Some(&request)).await;
    assert_eq!((status, &switched["profile_id"]), (200, &token["profile_id"]));

    let (status, body) = call(service, "auth-log-out", ("POST", "/v1/auth/logout"), &headers, None).await;
    assert_eq!((status, body), (204, Value::Null));
}

#[tokio::test]
async fn the_key_set_is_served() {
    let service = service().await;
    let (status, set) = call(&service, "auth-get-jwks", ("GET", "/v1/auth/.well-known/jwks.json"), &[], None).await;
    assert_eq!((status, set["keys"].as_array().map(Vec::len)), (200, Some(2)));
}

#[tokio::test]
async fn functions_answer_their_golden_events() {
    let service = service().await;
    for (name, expected) in [
        ("auth-rotate-keys", Value::Null),
        ("auth-relay-outbox", Value::Null),
        ("auth-purge-expired", Value::Null),
        ("auth-project-profiles", json!({ "batchItemFailures": [] })),
        ("auth-resume-erasures", Value::Null),
        ("auth-export-account", json!({ "batchItemFailures": [] })),
        // Nobody has asked for the erasure it answers.
        (
            "auth-collect-receipts",
            json!({ "batchItemFailures": [{ "itemIdentifier": "059f36b4-87a3-44ab-83d2-661975830a7d" }] }),
        ),
    ] {
        let mut function = Function::start(name, &pairs(service.vars())).await;
        assert_eq!(function.invoke(&golden(name)).await, Ok(expected), "{name}");
    }
}

#[tokio::test]
async fn the_whole_way_with_an_authenticator_and_staff() {
    let stage = Stage::start().await;
    let (service, someone) = (&stage.service, stage.signed_in().await);
    let bearer = format!("Bearer {}", someone.access);
    let headers = [("authorization", bearer.as_str())];
    let (status, enrolled) = call(service, "auth-enrol-totp", ("POST", "/v1/auth/mfa/totp"), &headers, None).await;
    assert_eq!(status, 200, "{enrolled}");
    // The programs have the system's clock.
    let code = crate::mfa::shown(text(&enrolled, "secret"), kernel::World::system().now());
    let body = Some(json!({ "code": code }));
    let path = "/v1/auth/mfa/totp/confirm";
    let (status, confirmed) = call(service, "auth-confirm-totp", ("POST", path), &headers, body.as_ref()).await;
    assert_eq!(status, 200, "{confirmed}");

    let body = Some(json!({ "email": someone.email, "password": PASSWORD }));
    let (_, asked) = call(service, "auth-log-in", ("POST", "/v1/auth/login"), &[], body.as_ref()).await;
    let body = Some(json!({ "mfa_token": asked["mfa_token"], "code": confirmed["recovery_codes"][0] }));
    let (status, token) = call(service, "auth-verify-mfa", ("POST", "/v1/auth/mfa/verify"), &[], body.as_ref()).await;
    assert_eq!(status, 200, "{token}");

    let body = Some(json!({ "code": confirmed["recovery_codes"][1] }));
    let (status, answer) = call(service, "auth-step-up", ("POST", "/v1/auth/step-up"), &headers, body.as_ref()).await;
    assert_eq!(status, 200, "{answer}");
    let proven = format!("Bearer {}", text(&answer, "access_token"));
    let headers = [("authorization", proven.as_str())];
    let (status, _) = call(service, "auth-remove-totp", ("DELETE", "/v1/auth/mfa/totp"), &headers, None).await;
    assert_eq!(status, 204);

    sqlx::query("insert into roles (account_id, role, granted_at) values ($1, 'admin', now())")
        .bind(someone.account().to_string())
        .execute(&service.pool())
        .await
        .unwrap();
    let body = Some(json!({ "refresh_token": someone.refresh }));
    let (_, token) = call(service, "auth-refresh-session", ("POST", "/v1/auth/refresh"), &[], body.as_ref()).await;
    let bearer = format!("Bearer {}", text(&token, "access_token"));
    let headers = [("authorization", bearer.as_str())];
    let role = format!("/v1/admin/accounts/{}/roles/editor", someone.account());
    let session = format!("/v1/auth/sessions/{}", someone.session());
    for (name, method, path, expected) in [
        ("auth-grant-role", "PUT", role.as_str(), 204),
        ("auth-revoke-role", "DELETE", &role, 204),
        ("auth-list-sessions", "GET", "/v1/auth/sessions", 200),
        ("auth-list-security-events", "GET", "/v1/auth/security-events", 200),
        ("auth-find-account", "GET", "/v1/admin/accounts", 422),
        ("auth-revoke-session", "DELETE", &session, 204),
        ("auth-log-out-everywhere", "POST", "/v1/auth/logout-all", 401),
    ] {
        let (status, answer) = call(service, name, (method, path), &headers, None).await;
        assert_eq!(status, expected, "{name}: {answer}");
    }
}

#[tokio::test]
async fn the_whole_way_of_a_forgotten_password_and_a_new_address() {
    let stage = Stage::start().await;
    let (service, someone) = (&stage.service, stage.signed_in().await);
    let body = Some(json!({ "email": someone.email }));
    let path = ("POST", "/v1/auth/password/forgot");
    let (status, sent) = call(service, "auth-forgot-password", path, &[], body.as_ref()).await;
    assert_eq!(status, 202, "{sent}");
    let code = stage.code_of("password_reset", &someone.email).await;
    let body = Some(json!({ "email": someone.email, "code": code, "password": "another horse battery" }));
    let path = ("POST", "/v1/auth/password/reset");
    assert_eq!(call(service, "auth-reset-password", path, &[], body.as_ref()).await.0, 204);

    let token = stage.log_in(&someone.email, "another horse battery").await.expect(200);
    let bearer = format!("Bearer {}", text(&token, "access_token"));
    let headers = [("authorization", bearer.as_str())];
    let body = Some(json!({ "current": "another horse battery", "new": PASSWORD }));
    let path = ("POST", "/v1/auth/password/change");
    assert_eq!(call(service, "auth-change-password", path, &headers, body.as_ref()).await, (204, Value::Null));
    let new = fresh_email();
    let body = Some(json!({ "new": new, "password": PASSWORD }));
    let (status, sent) = call(service, "auth-change-email", ("POST", "/v1/auth/email"), &headers, body.as_ref()).await;
    assert_eq!(status, 202, "{sent}");
    let body = Some(json!({ "code": stage.code_of("confirm_email", &new).await }));
    let path = ("POST", "/v1/auth/email/confirm");
    assert_eq!(call(service, "auth-confirm-email", path, &headers, body.as_ref()).await, (204, Value::Null));

    assert_eq!(call(service, "auth-get-mfa", ("GET", "/v1/auth/mfa"), &headers, None).await.0, 200);
    let path = ("DELETE", "/v1/auth/oauth/local");
    assert_eq!(call(service, "auth-unlink-oauth", path, &headers, None).await.0, 404);
    let service = stage.service.with("OAUTH_PROVIDERS", &crate::oauth::providers(&testkit::engines::issuer()));
    let path = ("GET", "/v1/auth/oauth/providers");
    assert_eq!(call(&service, "auth-list-providers", path, &[], None).await.0, 200);
    let path = ("GET", "/v1/auth/oauth/local/start");
    assert_eq!(call(&service, "auth-start-oauth", path, &[], None).await.0, 303);
    let path = ("GET", "/v1/auth/oauth/local/callback");
    assert_eq!(call(&service, "auth-finish-oauth", path, &[], None).await.0, 400);
}
