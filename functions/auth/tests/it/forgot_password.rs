use serde_json::json;
use testkit::Answer;
use time::Duration;

use crate::{
    oracle::{assert_same_time, seen},
    stage::{PASSWORD, Stage, fresh_address, fresh_email, from_the_edge, text},
};

pub const PATH: &str = "/v1/auth/password/forgot";

impl Stage {
    pub async fn forgot(&self, email: &str) -> Answer {
        self.post(PATH, &json!({ "email": email })).send().await
    }

    /// The code of the next mail of this kind to an address; others are passed over.
    pub async fn code_of(&self, template: &str, email: &str) -> String {
        loop {
            let mail = self.mail(email).await;
            if mail["template"] == template {
                return text(&mail["variables"], "code").to_owned();
            }
        }
    }

    pub async fn reset_code(&self, email: &str) -> String {
        self.forgot(email).await.expect(202);
        self.code_of("password_reset", email).await
    }
}

#[tokio::test]
async fn the_answer_does_not_tell_which_addresses_are_known() {
    let stage = Stage::start().await;
    let known = stage.account().await;
    let (unverified, _) = stage.registered().await;
    let unknown = fresh_email();
    let answers = [stage.forgot(&known).await, stage.forgot(&unverified).await, stage.forgot(&unknown).await];
    for answer in &answers {
        assert_eq!(answer.expect(202), json!({ "status": "reset_sent" }));
        assert_eq!(seen(answer), seen(&answers[0]));
    }
    let mail = stage.mail(&known).await;
    assert_eq!(
        (&mail["template"], mail["variables"]["code"].as_str().map(str::len)),
        (&json!("password_reset"), Some(11))
    );
    for stranger in [unverified, unknown] {
        let mail = stage.mail(&stranger).await;
        assert_eq!((&mail["template"], &mail["variables"]), (&json!("reset_unknown_account"), &json!({})));
    }
    let rows: i64 =
        sqlx::query_scalar("select count(*) from reset_codes").fetch_one(&stage.service.pool()).await.unwrap();
    assert_eq!(rows, 3, "the same rows for everybody");
}

#[tokio::test]
async fn the_mail_speaks_the_accounts_language_and_strangers_theirs() {
    let stage = Stage::start().await;
    let known = stage.account().await;
    let ask = async |email: &str| {
        let call = stage.post(PATH, &json!({ "email": email })).header("accept-language", "ru");
        call.send().await.expect(202);
        stage.mail(email).await["locale"].clone()
    };
    assert_eq!(ask(&known).await, "en");
    assert_eq!(ask(&fresh_email()).await, "ru");
}

#[tokio::test]
async fn one_code_lives_at_a_time() {
    let stage = Stage::start().await;
    let email = stage.account().await;
    let (first, second) = (stage.reset_code(&email).await, stage.reset_code(&email).await);
    if first != second {
        stage.reset(&email, &first, "another horse battery").await.expect_problem(422, "invalid_code");
    }
    stage.reset(&email, &second, "another horse battery").await.expect(204);
    stage.log_in(&email, PASSWORD).await.expect_problem(401, "invalid_credentials");
    stage.log_in(&email, "another horse battery").await.expect(200);
}

#[tokio::test]
async fn too_many_mails_to_one_address_or_from_one_client_are_refused() {
    let stage = Stage::start().await;
    let email = fresh_email();
    let ask = async |from: &str, email: &str| stage.post_from(from, PATH, &json!({ "email": email })).send().await;
    for _ in 0..5 {
        ask(&fresh_address(), &email).await.expect(202);
    }
    let refused = ask(&fresh_address(), &email).await;
    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").is_some() && refused.header("ratelimit-limit").is_some());
    let mut refused = 0;
    for _ in 0..45 {
        refused += u32::from(ask(&stage.address, &fresh_email()).await.status == 429);
    }
    assert!((1..=5).contains(&refused), "{refused}");
}

#[tokio::test]
async fn spellings_of_one_mailbox_share_its_mails() {
    let stage = Stage::start().await;
    let (name, domain) = (fresh_email().replace('@', "-"), fresh_email().split('@').next_back().unwrap().to_owned());
    let gmail = |number: usize| {
        let (first, second) = name.split_at(number % 20 + 1);
        let domain = ["gmail.com", "GoogleMail.com"][number % 2];
        format!("{first}.{}+{number}@{domain}", second.replace('.', ""))
    };
    let spellings: [&dyn Fn(usize) -> String; 2] = [&|number| format!("Name+{number}@{domain}"), &gmail];
    for spelling in spellings {
        let mut passed = 0;
        for number in 0..41 {
            let body = json!({ "email": spelling(number) });
            let answer = stage.post_from(&fresh_address(), PATH, &body).send().await;
            if answer.status == 202 {
                passed += 1;
            } else {
                answer.expect_problem(429, "rate_limited");
            }
        }
        assert_eq!(passed, 5);
    }
}

#[tokio::test]
async fn bad_input_and_engines_that_are_down() {
    let stage = Stage::start().await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!({ "email": "nobody" }), "/email"),
        (json!({ "email": "а@example.com" }), "/email"),
        (json!({ "email": "a@example.com", "code": "1" }), "/code"),
    ] {
        let problem = stage.post(PATH, &body).send().await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    for (name, value) in
        [("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]
    {
        let app = stage.app_with(name, value);
        let answer = from_the_edge(app.post(PATH, &json!({ "email": fresh_email() })), &stage.address).send().await;
        answer.expect_problem(503, "temporarily_unavailable");
    }
}

#[tokio::test]
async fn the_time_does_not_tell_either() {
    let stage = Stage::start().await;
    let known = stage.account().await;
    let wait = async || stage.advance(Duration::minutes(13));
    assert_same_time("forgot password", wait, async |_, is_known| {
        let email = if is_known { known.clone() } else { fresh_email() };
        stage.post_from(&fresh_address(), PATH, &json!({ "email": email })).send().await.expect(202);
    })
    .await;
}
