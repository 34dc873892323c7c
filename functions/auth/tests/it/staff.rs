//! What support and administrators do: finding accounts, giving and taking roles.

use kernel::{AccountId, Id};
use serde_json::{Value, json};
use testkit::Answer;
use time::Duration;

use crate::stage::{PASSWORD, SignedIn, Stage, claims, fresh_email, text};

async fn with_role(stage: &Stage, role: &str) -> SignedIn {
    let someone = stage.signed_in().await;
    sqlx::query("insert into roles (account_id, role, granted_at) values ($1, $2, $3)")
        .bind(someone.account().to_string())
        .bind(role)
        .bind(stage.world.now())
        .execute(&stage.service.pool())
        .await
        .unwrap();
    let token = stage.refresh(&someone.refresh).await.expect(200);
    let (access, refresh) = (text(&token, "access_token").to_owned(), text(&token, "refresh_token").to_owned());
    SignedIn { claims: claims(&access), access, refresh, ..someone }
}

fn path(account: impl std::fmt::Display, role: &str) -> String {
    format!("/v1/admin/accounts/{account}/roles/{role}")
}

async fn grant(stage: &Stage, admin: &SignedIn, account: AccountId, role: &str) -> Answer {
    let put = cinema_http::axum::http::Method::PUT;
    stage.app.call(put, &path(account, role)).bearer(&admin.access).send().await
}

async fn revoke(stage: &Stage, admin: &SignedIn, account: AccountId, role: &str) -> Answer {
    stage.app.delete(&path(account, role)).bearer(&admin.access).send().await
}

async fn find(stage: &Stage, agent: &SignedIn, email: &str) -> Answer {
    let email = email.replace('+', "%2B");
    stage.app.get(&format!("/v1/admin/accounts?email={email}")).bearer(&agent.access).send().await
}

async fn trace(stage: &Stage, kind: &str) -> Vec<(Option<String>, Option<String>, Option<String>)> {
    sqlx::query_as("select account_id, actor_id, detail from security_events where kind = $1 order by at, id")
        .bind(kind)
        .fetch_all(&stage.service.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn support_finds_an_account_and_every_look_up_leaves_a_trace() {
    let stage = Stage::start().await;
    let (agent, someone) = (with_role(&stage, "support").await, stage.signed_in().await);
    stage.advance(Duration::SECOND);
    let found = find(&stage, &agent, &someone.email.to_uppercase()).await.expect(200);
    assert_eq!((&found["account_id"], &found["email"]), (&someone.claims["sub"], &json!(someone.email)));
    assert_eq!(
        (&found["roles"], &found["has_second_factor"], &found["sessions"]),
        (&json!([]), &json!(false), &json!(1))
    );
    assert!(found["verified_at"].is_string() && found.get("password_hash").is_none());
    stage.advance(Duration::SECOND);
    find(&stage, &agent, &fresh_email()).await.expect_problem(404, "not_found");
    let (agent_id, account) = (Some(agent.account().to_string()), Some(someone.account().to_string()));
    assert_eq!(trace(&stage, "account_found").await, [(account, agent_id.clone(), None), (None, agent_id, None)]);
    // The owner sees that staff looked, and not from where.
    let log = stage.app.get("/v1/auth/security-events").bearer(&someone.access).send().await.expect(200);
    let seen = &log["items"][0];
    assert_eq!(
        (&seen["kind"], &seen["by_staff"], &seen["address"]),
        (&json!("account_found"), &json!(true), &json!(""))
    );
    for query in ["", "?email=nobody", "?email=a@example.com&x=1"] {
        let answer = stage.app.get(&format!("/v1/admin/accounts{query}")).bearer(&agent.access).send().await;
        answer.expect_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn a_role_is_given_once_and_counts_from_the_next_refresh_on() {
    let stage = Stage::start().await;
    let (admin, someone) = (with_role(&stage, "admin").await, stage.signed_in().await);
    for _ in 0..2 {
        grant(&stage, &admin, someone.account(), "editor").await.expect(204);
    }
    let token = stage.refresh(&someone.refresh).await.expect(200);
    assert_eq!(claims(text(&token, "access_token"))["roles"], json!(["editor"]));
    for _ in 0..2 {
        revoke(&stage, &admin, someone.account(), "editor").await.expect(204);
    }
    let token = stage.refresh(text(&token, "refresh_token")).await.expect(200);
    assert_eq!(claims(text(&token, "access_token"))["roles"], json!([]));
    let entry = (Some(someone.account().to_string()), Some(admin.account().to_string()), Some("editor".to_owned()));
    assert_eq!(trace(&stage, "role_granted").await, std::slice::from_ref(&entry));
    assert_eq!(trace(&stage, "role_revoked").await, [entry]);
}

#[tokio::test]
async fn unknown_accounts_and_roles_are_404_and_an_unproven_address_gets_none() {
    let stage = Stage::start().await;
    let admin = with_role(&stage, "admin").await;
    let unknown = AccountId::from_parts(stage.world.now(), [1; 10]);
    grant(&stage, &admin, unknown, "editor").await.expect_problem(404, "not_found");
    revoke(&stage, &admin, unknown, "editor").await.expect_problem(404, "not_found");
    grant(&stage, &admin, admin.account(), "owner").await.expect_problem(404, "not_found");
    let (email, _) = stage.registered().await;
    let found: Value = find(&stage, &admin, &email).await.expect(200);
    let unproven = text(&found, "account_id").parse().unwrap();
    grant(&stage, &admin, unproven, "editor").await.expect_problem(409, "email_unverified");
}

#[tokio::test]
async fn roles_are_given_and_taken_with_a_fresh_proof_only() {
    let stage = Stage::start().await;
    let (admin, someone) = (with_role(&stage, "admin").await, stage.signed_in().await);
    stage.advance(Duration::minutes(10) + Duration::SECOND);
    let access = text(&stage.refresh(&admin.refresh).await.expect(200), "access_token").to_owned();
    let late = SignedIn { access, ..admin };
    grant(&stage, &late, someone.account(), "editor").await.expect_problem(403, "step_up_required");
    revoke(&stage, &late, someone.account(), "editor").await.expect_problem(403, "step_up_required");
    let step_up = stage.post("/v1/auth/step-up", &json!({ "password": PASSWORD })).bearer(&late.access);
    let access = text(&step_up.send().await.expect(200), "access_token").to_owned();
    grant(&stage, &SignedIn { access, ..late }, someone.account(), "editor").await.expect(204);
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let stage = Stage::start().await;
    let admin = with_role(&stage, "admin").await;
    revoke(&stage, &admin, admin.account(), "admin").await.expect_problem(409, "last_admin");
    let erase = async |who: &SignedIn| stage.app.delete("/v1/auth/account").bearer(&who.access).send().await;
    erase(&admin).await.expect_problem(409, "last_admin");
    // Taking away what somebody does not have is no matter.
    let someone = stage.signed_in().await;
    revoke(&stage, &admin, someone.account(), "admin").await.expect(204);
    grant(&stage, &admin, someone.account(), "admin").await.expect(204);
    revoke(&stage, &admin, admin.account(), "admin").await.expect(204);
    // The token still says administrator; this service looks at the row.
    grant(&stage, &admin, admin.account(), "admin").await.expect_problem(403, "role_required");
    revoke(&stage, &admin, someone.account(), "admin").await.expect_problem(403, "role_required");
    find(&stage, &admin, &someone.email).await.expect_problem(403, "role_required");
    erase(&someone).await.expect_problem(409, "last_admin");
    erase(&admin).await.expect(202);
}

#[tokio::test]
async fn administrators_who_remove_each_other_at_the_same_time_leave_one() {
    let stage = Stage::start().await;
    for _ in 0..5 {
        sqlx::query("delete from roles").execute(&stage.service.pool()).await.unwrap();
        let mut admins = Vec::new();
        for _ in 0..4 {
            admins.push(with_role(&stage, "admin").await);
        }
        let removals = (0..4).map(|at| revoke(&stage, &admins[at], admins[(at + 1) % 4].account(), "admin"));
        futures::future::join_all(removals).await;
        let left: i64 = sqlx::query_scalar("select count(*) from roles where role = 'admin'")
            .fetch_one(&stage.service.pool())
            .await
            .unwrap();
        assert!(left >= 1, "nobody administrates");
    }
}

#[tokio::test]
async fn nobody_else_may() {
    let stage = Stage::start().await;
    let (someone, editor, support) =
        (stage.signed_in().await, with_role(&stage, "editor").await, with_role(&stage, "support").await);
    for who in [&someone, &editor] {
        find(&stage, who, &someone.email).await.expect_problem(403, "role_required");
    }
    for who in [&someone, &editor, &support] {
        grant(&stage, who, who.account(), "admin").await.expect_problem(403, "role_required");
        revoke(&stage, who, someone.account(), "editor").await.expect_problem(403, "role_required");
    }
    assert_eq!(trace(&stage, "account_found").await, []);
    // A session that has ended does nothing any more, whatever its token says.
    let admin = with_role(&stage, "admin").await;
    stage.post_empty("/v1/auth/logout").bearer(&admin.access).send().await.expect(204);
    grant(&stage, &admin, someone.account(), "admin").await.expect_problem(401, "session_revoked");
    find(&stage, &admin, &someone.email).await.expect_problem(401, "session_revoked");
}
