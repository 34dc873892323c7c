use serde_json::{Value, json};
use testkit::Answer;
use time::Duration;

use crate::{
    oracle::{assert_same_time, seen},
    reset_password::wrong,
    stage::{PASSWORD, SignedIn, Stage, fresh_address, fresh_email, text},
};

const PATH: &str = "/v1/auth/email";

async fn ask(stage: &Stage, viewer: &SignedIn, new: &str) -> Answer {
    stage.post(PATH, &json!({ "new": new, "password": PASSWORD })).bearer(&viewer.access).send().await
}

async fn confirm(stage: &Stage, viewer: &SignedIn, code: &str) -> Answer {
    stage.post("/v1/auth/email/confirm", &json!({ "code": code })).bearer(&viewer.access).send().await
}

/// An account with a code in a new mailbox.
async fn asked(stage: &Stage) -> (SignedIn, String, String) {
    let (viewer, new) = (stage.signed_in().await, fresh_email());
    ask(stage, &viewer, &new).await.expect(202);
    let code = stage.code_of("confirm_email", &new).await;
    (viewer, new, code)
}

#[tokio::test]
async fn the_code_goes_to_the_new_address_and_a_notice_to_the_old_one() {
    let stage = Stage::start().await;
    let (viewer, new) = (stage.signed_in().await, fresh_email());
    assert_eq!(ask(&stage, &viewer, &new.to_uppercase()).await.expect(202), json!({ "status": "confirmation_sent" }));
    let mail = stage.mail(&new).await;
    assert_eq!(
        (&mail["template"], mail["variables"]["code"].as_str().map(str::len)),
        (&json!("confirm_email"), Some(6))
    );
    let notice = stage.mail(&viewer.email).await;
    assert_eq!(
        (&notice["template"], &notice["variables"]),
        (
            &json!("email_change_requested"),
            &json!({ "new_email": format!("v***@{}", new.split('@').next_back().unwrap()) })
        )
    );
    // Nothing has changed yet.
    stage.log_in(&viewer.email, PASSWORD).await.expect(200);
    stage.log_in(&new, PASSWORD).await.expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn the_code_moves_the_account_and_tells_everybody() {
    let stage = Stage::start().await;
    let (viewer, new, code) = asked(&stage).await;
    confirm(&stage, &viewer, &code).await.expect(204);
    confirm(&stage, &viewer, &code).await.expect(204);
    stage.log_in(&viewer.email, PASSWORD).await.expect_problem(401, "invalid_credentials");
    stage.log_in(&new, PASSWORD).await.expect(200);
    let events = stage.service.events("domain-events", viewer.account(), 2).await;
    let of = |sequence: i64| events.iter().find(|event| event.sequence == sequence).unwrap();
    assert_eq!(events.len(), 2);
    let (first, second): (proto::auth::AccountVerified, proto::auth::AccountVerified) =
        (of(1).data().unwrap(), of(2).data().unwrap());
    assert_eq!(
        (of(2).kind.as_str(), first.email, second.email),
        (proto::types::ACCOUNT_VERIFIED, viewer.email.clone(), new)
    );
    assert_eq!((first.default_profile_id, first.locale), (second.default_profile_id, second.locale));
    let mut last = Value::Null;
    while last != "email_changed" {
        last = stage.mail(&viewer.email).await["template"].clone();
    }
}

#[tokio::test]
async fn a_taken_address_gets_the_same_answer_and_no_code() {
    let stage = Stage::start().await;
    let (viewer, taken) = (stage.signed_in().await, stage.account().await);
    let free = ask(&stage, &viewer, &fresh_email()).await;
    let answer = ask(&stage, &viewer, &taken).await;
    assert_eq!(seen(&answer), seen(&free));
    let mail = stage.mail(&taken).await;
    assert_eq!((&mail["template"], &mail["variables"]), (&json!("already_registered"), &json!({})));
    for code in ["000000", "999999"] {
        confirm(&stage, &viewer, code).await.expect_problem(422, "invalid_code");
    }
    stage.log_in(&taken, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn the_time_does_not_tell_which_addresses_are_taken() {
    let stage = Stage::start().await;
    let (viewer, taken) = (stage.signed_in().await, stage.account().await);
    let refresh = tokio::sync::Mutex::new((viewer.refresh.clone(), viewer.access.clone()));
    let before = async || {
        stage.advance(Duration::minutes(13));
        let mut kept = refresh.lock().await;
        let token = stage.refresh(&kept.0).await.expect(200);
        let step_up = stage.post("/v1/auth/step-up", &json!({ "password": PASSWORD }));
        let proven = step_up.bearer(text(&token, "access_token")).send().await.expect(200);
        *kept = (text(&token, "refresh_token").to_owned(), text(&proven, "access_token").to_owned());
    };
    assert_same_time("change of address", before, async |_, is_taken| {
        let new = if is_taken { taken.clone() } else { fresh_email() };
        let body = json!({ "new": new, "password": PASSWORD });
        let call = stage.post_from(&fresh_address(), PATH, &body).bearer(&refresh.lock().await.1);
        call.send().await.expect(202);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_or_a_look_alike_address_is_refused() {
    let stage = Stage::start().await;
    let viewer = stage.signed_in().await;
    let call = async |new: &str, password: &str| {
        stage.post(PATH, &json!({ "new": new, "password": password })).bearer(&viewer.access).send().await
    };
    call(&fresh_email(), "wrong horse battery").await.expect_problem(403, "wrong_password");
    // Nobody takes them for an address of somebody else: names in letters that only look alike, and domains that DNS cannot hold.
    for look_alike in ["а@example.com", "ａ@example.com", "a@xn--", "a@exa\u{200d}mple.com", "a\u{200b}@example.com"]
    {
        let problem = call(look_alike, PASSWORD).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], "/new", "{look_alike}");
    }
    let problem = call(&viewer.email.to_uppercase(), PASSWORD).await.expect_problem(422, "invalid_request");
    assert_eq!(problem["errors"][0]["pointer"], "/new");
}

#[tokio::test]
async fn codes_expire_and_die_after_five_tries() {
    let stage = Stage::start().await;
    let (viewer, new, code) = asked(&stage).await;
    for _ in 0..5 {
        confirm(&stage, &viewer, &wrong(&code)).await.expect_problem(422, "invalid_code");
    }
    confirm(&stage, &viewer, &code).await.expect_problem(429, "rate_limited");
    ask(&stage, &viewer, &new).await.expect(202);
    let code = stage.code_of("confirm_email", &new).await;
    stage.advance(Duration::minutes(61));
    let token = stage.refresh(&viewer.refresh).await.expect(200);
    let viewer = SignedIn { access: text(&token, "access_token").to_owned(), ..viewer };
    confirm(&stage, &viewer, &code).await.expect_problem(410, "code_expired");
}

#[tokio::test]
async fn a_code_belongs_to_its_account_and_the_first_who_proves_an_address_gets_it() {
    let stage = Stage::start().await;
    let (one, other, new) = (stage.signed_in().await, stage.signed_in().await, fresh_email());
    ask(&stage, &one, &new).await.expect(202);
    let first = stage.code_of("confirm_email", &new).await;
    ask(&stage, &other, &new).await.expect(202);
    let second = stage.code_of("confirm_email", &new).await;
    if first != second {
        confirm(&stage, &one, &second).await.expect_problem(422, "invalid_code");
    }
    confirm(&stage, &other, &second).await.expect(204);
    confirm(&stage, &one, &first).await.expect_problem(409, "email_taken");
    stage.log_in(&one.email, PASSWORD).await.expect(200);
    stage.log_in(&new, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_address_that_was_only_registered_is_nobodys() {
    let stage = Stage::start().await;
    let (squatted, _) = stage.registered().await;
    let viewer = stage.signed_in().await;
    ask(&stage, &viewer, &squatted).await.expect(202);
    let code = stage.code_of("confirm_email", &squatted).await;
    confirm(&stage, &viewer, &code).await.expect(204);
    let token = stage.log_in(&squatted, PASSWORD).await.expect(200);
    assert_eq!(crate::stage::claims(text(&token, "access_token"))["sub"], viewer.account().to_string());
}

#[tokio::test]
async fn a_reset_code_in_the_old_mailbox_opens_nothing_any_more() {
    let stage = Stage::start().await;
    let (viewer, _, code) = asked(&stage).await;
    let reset = stage.reset_code(&viewer.email).await;
    confirm(&stage, &viewer, &code).await.expect(204);
    stage.reset(&viewer.email, &reset, "another horse battery").await.expect_problem(422, "invalid_code");
}
