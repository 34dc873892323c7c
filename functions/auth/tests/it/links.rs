//! Adding a way to sign in is as hard as taking one away, and whoever resets the password gets rid of what others have added.

use cinema_http::axum::http::header;
use proto::{auth::SessionEnded, types};
use serde_json::{Value, json};
use sqlx::PgConnection;
use stores::postgres;
use testkit::Answer;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    issuer::Issuer,
    mfa::armed,
    oauth::{Journey, PAGE, cookie, leave, tokens, unlink},
    stage::{PASSWORD, SignedIn, Stage, text},
};

const START: &str = "/v1/auth/oauth/scripted/start";
const LINKS: &str = "/v1/auth/oauth/links";
const NEW: &str = "another horse battery";

async fn open() -> (Stage, Issuer) {
    let issuer = Issuer::start();
    let stage = Stage::with(&[("OAUTH_PROVIDERS", &issuer.setting())]).await;
    (stage, issuer)
}

/// Links the account of a token with a person at the issuer.
async fn link(stage: &Stage, issuer: &Issuer, access: &str, subject: &str) -> Answer {
    let journey = Journey::begin_as(stage, START, access).await;
    issuer.come_back(stage, &journey, subject, &json!({})).await
}

async fn sign_in(stage: &Stage, issuer: &Issuer, subject: &str, said: &Value) -> Answer {
    let journey = Journey::begin(stage, START).await;
    issuer.come_back(stage, &journey, subject, said).await
}

async fn links(stage: &Stage) -> i64 {
    sqlx::query_scalar("select count(*) from oauth_links").fetch_one(&stage.service.pool()).await.unwrap()
}

async fn told(stage: &Stage, viewer: &SignedIn, kind: &str) -> i64 {
    let query = "select count(*) from security_events where account_id = $1 and kind = $2 and detail = 'scripted'";
    let account = viewer.account().to_string();
    sqlx::query_scalar(query).bind(account).bind(kind).fetch_one(&stage.service.pool()).await.unwrap()
}

async fn prove(stage: &Stage, access: &str, body: &Value) -> String {
    let token = stage.post("/v1/auth/step-up", body).bearer(access).send().await.expect(200);
    text(&token, "access_token").to_owned()
}

async fn reset(stage: &Stage, email: &str) {
    let code = stage.reset_code(email).await;
    stage.reset(email, &code, NEW).await.expect(204);
}

async fn verify(stage: &Stage, waiting: &Answer, code: &str) -> Answer {
    assert_eq!(waiting.header("location"), Some(&*format!("{PAGE}/#/code")));
    let call = stage.post("/v1/auth/mfa/verify", &json!({ "code": code }));
    call.header("cookie", &cookie(waiting, "__Host-mfa")).header("origin", PAGE).send().await
}

#[tokio::test]
async fn a_token_alone_links_nothing() {
    let (stage, issuer) = open().await;
    let viewer = stage.signed_in().await;
    stage.advance(Duration::minutes(11));
    let access = text(&stage.refresh(&viewer.refresh).await.expect(200), "access_token").to_owned();
    for start in [START.to_owned(), format!("{START}?purpose=link")] {
        let refused = leave(&stage, &start, &access).await;
        refused.expect_problem(403, "step_up_required");
        assert!(refused.headers.get(header::SET_COOKIE).is_none());
    }
    let proven = prove(&stage, &access, &json!({ "password": PASSWORD })).await;
    leave(&stage, START, &proven).await.expect(200);
    // The old token stays as old as it is.
    leave(&stage, START, &access).await.expect_problem(403, "step_up_required");
    assert_eq!((links(&stage).await, issuer.exchanges()), (0, 0));
}

#[tokio::test]
async fn the_proof_of_the_start_is_asked_for_again_at_the_end() {
    let (stage, issuer) = open().await;
    let viewer = stage.signed_in().await;
    stage.advance(Duration::minutes(6));
    let journey = Journey::begin_as(&stage, START, &viewer.access).await;
    stage.advance(Duration::minutes(5));
    let late = issuer.come_back(&stage, &journey, "1", &json!({})).await;
    late.expect_problem(403, "step_up_required");
    assert_eq!(cookie(&late, "__Host-oauth"), "__Host-oauth=");
    // Nor does the proof count that somebody else has given in the meantime, with another token.
    let access = text(&stage.refresh(&viewer.refresh).await.expect(200), "access_token").to_owned();
    prove(&stage, &access, &json!({ "password": PASSWORD })).await;
    issuer.come_back(&stage, &journey, "1", &json!({})).await.expect_problem(403, "step_up_required");

    let viewer = stage.signed_in().await;
    let journey = Journey::begin_as(&stage, START, &viewer.access).await;
    sqlx::query("update sessions set authenticated_at = $2 where id = $1")
        .bind(viewer.session())
        .bind(stage.world.now() - Duration::minutes(11))
        .execute(&stage.service.pool())
        .await
        .unwrap();
    issuer.come_back(&stage, &journey, "1", &json!({})).await.expect_problem(403, "step_up_required");
    assert_eq!(links(&stage).await, 0);
}

#[tokio::test]
async fn whoever_has_an_authenticator_links_with_its_code() {
    let (stage, issuer) = open().await;
    let armed = armed(&stage).await;
    let by_password = prove(&stage, &armed.owner.access, &json!({ "password": PASSWORD })).await;
    for access in [&armed.owner.access, &by_password] {
        leave(&stage, START, access).await.expect_problem(403, "step_up_required");
    }
    let by_code = prove(&stage, &armed.owner.access, &json!({ "code": armed.code(&stage) })).await;
    link(&stage, &issuer, &by_code, "1").await.expect(303);
    assert_eq!((links(&stage).await, told(&stage, &armed.owner, "oauth_linked").await), (1, 1));

    // Taken into use while the browser is at the provider.
    let viewer = stage.signed_in().await;
    let journey = Journey::begin_as(&stage, START, &viewer.access).await;
    sqlx::query("insert into totp (account_id, secret, enrolled_at, confirmed_at) values ($1, '', $2, $2)")
        .bind(viewer.account().to_string())
        .bind(stage.world.now())
        .execute(&stage.service.pool())
        .await
        .unwrap();
    issuer.come_back(&stage, &journey, "2", &json!({})).await.expect_problem(403, "step_up_required");
    assert_eq!(links(&stage).await, 1);
}

#[tokio::test]
async fn a_session_that_has_ended_on_the_way_links_nothing() {
    let (stage, issuer) = open().await;
    for path in ["/v1/auth/logout", "/v1/auth/logout-all", ""] {
        let viewer = stage.signed_in().await;
        let journey = Journey::begin_as(&stage, START, &viewer.access).await;
        match path {
            "" => reset(&stage, &viewer.email).await,
            path => drop(stage.post_empty(path).bearer(&viewer.access).send().await.expect(204)),
        }
        let refused = issuer.come_back(&stage, &journey, "1", &json!({})).await;
        refused.expect_problem(401, "session_revoked");
    }
    assert_eq!(links(&stage).await, 0);
}

#[tokio::test]
async fn the_same_mailbox_is_linked_once_the_code_was_right() {
    let (stage, issuer) = open().await;
    let armed = armed(&stage).await;
    let said = json!({ "email": armed.owner.email, "email_verified": true });
    let waiting = sign_in(&stage, &issuer, "1", &said).await;
    assert_eq!(links(&stage).await, 0);
    verify(&stage, &waiting, &armed.wrong(&stage)).await.expect_problem(401, "invalid_code");
    assert_eq!((links(&stage).await, told(&stage, &armed.owner, "oauth_linked").await), (0, 0));
    verify(&stage, &waiting, &armed.code(&stage)).await.expect(200);
    assert_eq!((links(&stage).await, told(&stage, &armed.owner, "oauth_linked").await), (1, 1));
    let mail = stage.mail(&armed.owner.email).await;
    assert_eq!((&mail["template"], &mail["variables"]["provider"]), (&json!("oauth_linked"), &json!("scripted")));
    // Without the address it is the link that counts, and linking is told once.
    stage.advance(Duration::minutes(1));
    let waiting = sign_in(&stage, &issuer, "1", &json!({})).await;
    verify(&stage, &waiting, &armed.code(&stage)).await.expect(200);
    assert_eq!((links(&stage).await, told(&stage, &armed.owner, "oauth_linked").await), (1, 1));
}

#[tokio::test]
async fn a_sign_in_that_waits_for_its_code_ends_with_what_it_rests_on() {
    let (stage, issuer) = open().await;
    for end in ["reset", "everywhere", "unlink"] {
        let armed = armed(&stage).await;
        let access = prove(&stage, &armed.owner.access, &json!({ "code": armed.code(&stage) })).await;
        stage.advance(Duration::minutes(1));
        let subject = end;
        let mut said = json!({ "email": armed.owner.email, "email_verified": true });
        if end == "unlink" {
            link(&stage, &issuer, &access, subject).await.expect(303);
            said = json!({});
        }
        let waiting = sign_in(&stage, &issuer, subject, &said).await;
        match end {
            "reset" => reset(&stage, &armed.owner.email).await,
            "everywhere" => {
                drop(stage.post_empty("/v1/auth/logout-all").bearer(&access).send().await.expect(204));
            }
            _ => drop(unlink(&stage, &access, "scripted").await.expect(204)),
        }
        verify(&stage, &waiting, &armed.code(&stage)).await.expect_problem(401, "invalid_mfa_token");
        assert_eq!(links(&stage).await, 0, "{end}");
    }
}

#[tokio::test]
async fn a_reset_removes_what_was_added_to_the_account() {
    let (stage, issuer) = open().await;
    for meanwhile in ["nothing", "time", "another password"] {
        let viewer = stage.signed_in().await;
        link(&stage, &issuer, &viewer.access, meanwhile).await.expect(303);
        let theirs = tokens(&stage, &sign_in(&stage, &issuer, meanwhile, &json!({})).await).await;
        assert_eq!(theirs["claims"]["sub"], viewer.claims["sub"]);
        match meanwhile {
            "time" => stage.advance(Duration::days(20)),
            "another password" => {
                let body = json!({ "current": PASSWORD, "new": "a third horse battery" });
                let call = stage.post("/v1/auth/password/change", &body).bearer(&viewer.access);
                drop(call.send().await.expect(204));
            }
            _ => {}
        }
        reset(&stage, &viewer.email).await;
        // The owner is told which of the ways in are gone, whoever has added them.
        let removed = loop {
            let mail = stage.mail(&viewer.email).await;
            if mail["template"] == "password_changed" && mail["variables"] != json!({}) {
                break mail["variables"].clone();
            }
        };
        assert_eq!(removed, json!({ "unlinked_providers": ["scripted"] }));
        let call = stage.post_empty("/v1/auth/refresh").header("cookie", text(&theirs, "cookie"));
        call.header("origin", PAGE).send().await.expect_problem(401, "session_revoked");
        sign_in(&stage, &issuer, meanwhile, &json!({})).await.expect_problem(403, "address_unverified");
        assert_eq!((links(&stage).await, told(&stage, &viewer, "oauth_unlinked").await), (0, 1), "{meanwhile}");
    }
}

#[tokio::test]
async fn a_reset_keeps_the_link_that_made_the_account() {
    let (stage, issuer) = open().await;
    let email = crate::stage::fresh_email();
    let said = json!({ "email": email, "email_verified": true });
    let token = tokens(&stage, &sign_in(&stage, &issuer, "1", &said).await).await;
    let account = text(&token["claims"], "sub");
    sqlx::query("insert into oauth_links (provider, subject, account_id, linked_at) values ('other', '1', $1, $2)")
        .bind(account)
        .bind(stage.world.now())
        .execute(&stage.service.pool())
        .await
        .unwrap();
    reset(&stage, &email).await;
    assert_eq!(links(&stage).await, 1);
    let token = tokens(&stage, &sign_in(&stage, &issuer, "1", &json!({})).await).await;
    assert_eq!(token["claims"]["sub"], account);
    stage.log_in(&email, NEW).await.expect(200);
}

#[tokio::test]
async fn unlinking_ends_the_sessions_that_began_with_the_provider() {
    let (stage, issuer) = open().await;
    let (viewer, other) = (stage.signed_in().await, stage.signed_in().await);
    for (someone, subject) in [(&viewer, "1"), (&other, "2")] {
        link(&stage, &issuer, &someone.access, subject).await.expect(303);
    }
    let theirs = tokens(&stage, &sign_in(&stage, &issuer, "1", &json!({})).await).await;
    let others = tokens(&stage, &sign_in(&stage, &issuer, "2", &json!({})).await).await;
    unlink(&stage, &viewer.access, "scripted").await.expect(204);
    let refresh = async |token: &Value| {
        let call = stage.post_empty("/v1/auth/refresh").header("cookie", text(token, "cookie"));
        call.header("origin", PAGE).send().await
    };
    refresh(&theirs).await.expect_problem(401, "session_revoked");
    let call = stage.app.get(LINKS).bearer(text(&theirs, "access_token"));
    call.send().await.expect_problem(401, "session_revoked");
    let events = stage.service.events("domain-events", text(&theirs["claims"], "sid"), 1).await;
    let ended: SessionEnded = events[0].data().unwrap();
    assert_eq!((events[0].kind.as_str(), ended.account_id), (types::SESSION_ENDED, viewer.account().to_string()));
    // Those that began with the password live, and so do those of others.
    stage.refresh(&viewer.refresh).await.expect(200);
    stage.refresh(&other.refresh).await.expect(200);
    refresh(&others).await.expect(200);

    // The session that asks, too, whatever it has proven since.
    let token = tokens(&stage, &sign_in(&stage, &issuer, "2", &json!({})).await).await;
    let access = prove(&stage, text(&token, "access_token"), &json!({ "password": PASSWORD })).await;
    unlink(&stage, &access, "scripted").await.expect(204);
    refresh(&token).await.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn everywhere_includes_the_sessions_that_began_with_a_provider() {
    let (stage, issuer) = open().await;
    let viewer = stage.signed_in().await;
    link(&stage, &issuer, &viewer.access, "1").await.expect(303);
    let theirs = tokens(&stage, &sign_in(&stage, &issuer, "1", &json!({})).await).await;
    stage.post_empty("/v1/auth/logout-all").bearer(&viewer.access).send().await.expect(204);
    let call = stage.post_empty("/v1/auth/refresh").header("cookie", text(&theirs, "cookie"));
    call.header("origin", PAGE).send().await.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn the_owner_sees_what_is_linked_and_since_when() {
    let (stage, issuer) = open().await;
    let (viewer, other) = (stage.signed_in().await, stage.signed_in().await);
    let list = async |access: &str| stage.app.get(LINKS).bearer(access).send().await;
    assert_eq!(list(&viewer.access).await.expect(200), json!({ "items": [] }));
    stage.advance(Duration::minutes(1));
    let at: OffsetDateTime = stage.world.now();
    link(&stage, &issuer, &viewer.access, "1").await.expect(303);
    stage.advance(Duration::minutes(1));
    let listed = list(&viewer.access).await.expect(200);
    let linked_at = OffsetDateTime::parse(text(&listed["items"][0], "linked_at"), &Rfc3339).unwrap();
    assert_eq!((text(&listed["items"][0], "provider"), linked_at), ("scripted", at));
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(list(&other.access).await.expect(200), json!({ "items": [] }));
    unlink(&stage, &viewer.access, "scripted").await.expect(204);
    assert_eq!(list(&viewer.access).await.expect(200), json!({ "items": [] }));
    stage.post_empty("/v1/auth/logout").bearer(&viewer.access).send().await.expect(204);
    list(&viewer.access).await.expect_problem(401, "session_revoked");
}

/// Until somebody waits for the transaction; a minute at most.
async fn somebody_waits(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let query = "select exists(select 1 from pg_locks where not granted and transactionid = pg_current_xact_id()::xid)";
    for _ in 0..600 {
        if sqlx::query_scalar(query).fetch_one(&mut *connection).await? {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_link_that_is_about_to_be_added_does_not_outlive_the_reset() {
    let (stage, _) = open().await;
    let viewer = stage.signed_in().await;
    let code = stage.reset_code(&viewer.email).await;
    let (pool, account) = (stage.service.pool(), viewer.account().to_string());
    let (is_added, added) = tokio::sync::oneshot::channel();
    // As a link is added. Hashing the new password takes its time.
    let adding = postgres::transact(&pool, async |connection: &mut PgConnection| {
        sqlx::query("set local idle_in_transaction_session_timeout = 0").execute(&mut *connection).await?;
        let share = "select 1 from accounts where id = $1 for key share";
        sqlx::query(share).bind(&account).execute(&mut *connection).await?;
        let add =
            "insert into oauth_links (provider, subject, account_id, linked_at) values ('scripted', '1', $1, now())";
        sqlx::query(add).bind(&account).execute(&mut *connection).await?;
        let _ = is_added.send(());
        somebody_waits(connection).await
    });
    let resetting = async {
        added.await.unwrap();
        stage.reset(&viewer.email, &code, NEW).await
    };
    let (committed, done) = futures::future::join(adding, resetting).await;
    committed.unwrap();
    done.expect(204);
    assert_eq!(links(&stage).await, 0);
}

#[tokio::test]
async fn nobody_links_in_a_session_that_is_about_to_end() {
    let (stage, issuer) = open().await;
    let viewer = stage.signed_in().await;
    let journey = Journey::begin_as(&stage, START, &viewer.access).await;
    let (pool, account, nothing) = (stage.service.pool(), viewer.account().to_string(), json!({}));
    let (has_ended, ended) = tokio::sync::oneshot::channel();
    // As a reset ends it.
    let ending = postgres::transact(&pool, async |connection: &mut PgConnection| {
        let lock = "select 1 from accounts where id = $1 for update";
        sqlx::query(lock).bind(&account).execute(&mut *connection).await?;
        let end = "update sessions set revoked_at = now() where account_id = $1";
        sqlx::query(end).bind(&account).execute(&mut *connection).await?;
        let _ = has_ended.send(());
        somebody_waits(connection).await
    });
    let linking = async {
        ended.await.unwrap();
        issuer.come_back(&stage, &journey, "1", &nothing).await
    };
    let (committed, refused) = futures::future::join(ending, linking).await;
    committed.unwrap();
    refused.expect_problem(401, "session_revoked");
    assert_eq!(links(&stage).await, 0);
}
