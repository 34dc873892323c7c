use futures::future::join_all;
use serde_json::{Value, json};

use crate::home::{Home, Person};

const PATH: &str = "/v1/users/me";

async fn change(home: &Home, person: &Person, patch: Value) -> Value {
    home.app.patch(PATH, &patch).token(&person.token()).send().await.expect(200)
}

#[tokio::test]
async fn absent_stays_and_null_takes_away() {
    let home = Home::start().await;
    let person = home.person().await;
    let all = json!({"name": " Anna ", "locale": "de", "territory": "FR"});
    let changed = change(&home, &person, all).await;
    let told = |account: &Value| json!([account["name"], account["locale"], account["territory"]]);
    assert_eq!(told(&changed), json!(["Anna", "de", "FR"]));
    assert_eq!(home.app.get(PATH).token(&person.token()).send().await.expect(200), changed);
    assert_eq!(change(&home, &person, json!({})).await, changed);
    assert_eq!(told(&change(&home, &person, json!({"territory": null})).await), json!(["Anna", "de", null]));
    let nulls = json!({"name": null, "locale": null});
    assert_eq!(told(&change(&home, &person, nulls).await), json!([null, "ru", null]));
}

#[tokio::test]
async fn a_stale_version_is_refused() {
    let home = Home::start().await;
    let person = home.person().await;
    let seen = home.app.get(PATH).token(&person.token()).send().await;
    let tag = seen.header("etag").unwrap().to_owned();
    let write = |tag: &str, name: &str| {
        home.app.patch(PATH, &json!({"name": name})).token(&person.token()).header("if-match", tag).send()
    };
    let written = write(&tag, "Anna").await;
    assert_eq!(written.expect(200)["name"], "Anna");
    write(&tag, "Boris").await.expect_problem(412, "precondition_failed");
    // The answer's own tag is that of the version it shows.
    write(written.header("etag").unwrap(), "Clara").await.expect(200);
    write("*", "Dora").await.expect(200);
    assert_eq!(home.app.get(PATH).token(&person.token()).send().await.expect(200)["name"], "Dora");
}

#[tokio::test]
async fn of_twenty_parallel_writers_who_saw_the_same_version_one_wins() {
    let home = Home::start().await;
    let person = home.person().await;
    let tag = home.app.get(PATH).token(&person.token()).send().await.header("etag").unwrap().to_owned();
    let answers = join_all((0..20).map(|number| {
        let call = home.app.patch(PATH, &json!({"name": format!("Anna {number}")}));
        call.token(&person.token()).header("if-match", &tag).send()
    }))
    .await;
    let won = answers.iter().filter(|answer| answer.status.as_u16() == 200).count();
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 200) {
        answer.expect_problem(412, "precondition_failed");
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_new_address_leaves_what_the_person_told() {
    let home = Home::start().await;
    let (person, other) = (home.person().await, home.person().await);
    change(&home, &person, json!({"name": "Anna", "locale": "de"})).await;
    home.project_account(person.verified(2, "new@example.com")).await;
    let account = home.app.get(PATH).token(&person.token()).send().await.expect(200);
    assert_eq!(json!([account["email"], account["name"], account["locale"]]), json!(["new@example.com", "Anna", "de"]));
    let untouched = home.app.get(PATH).token(&other.token()).send().await.expect(200);
    assert_eq!((&untouched["name"], &untouched["locale"]), (&Value::Null, &json!("ru")));
    // A new profile speaks the language that was chosen.
    let profile = home.app.post("/v1/users/me/profiles", &json!({"name": "Kids"})).token(&person.token()).send().await;
    assert_eq!(profile.expect(201)["locale"], "de");
}

#[tokio::test]
async fn bad_patches_are_problems() {
    let home = Home::start().await;
    let person = home.person().await;
    for patch in [
        json!([]),
        json!(["Anna"]),
        json!(null),
        json!("name"),
        json!({"name": ""}),
        json!({"name": "a\u{0}b"}),
        json!({"name": "x".repeat(41)}),
        json!({"locale": "english"}),
        json!({"territory": "Germany"}),
        // Stands with the notifications alone.
        json!({"marketing_consent": true}),
        json!({"email": "mallory@example.com"}),
        json!({"id": "acc_01jd3k5m7n9pqrstvwxyz01234"}),
        json!({"created_at": "2000-01-01T00:00:00Z"}),
    ] {
        let answer = home.app.patch(PATH, &patch).token(&person.token()).send().await;
        answer.expect_problem(422, "invalid_request");
    }
    let patch = |content_type: &str, body: String| {
        let call = home.app.call("PATCH".parse().unwrap(), PATH).token(&person.token());
        call.header("content-type", content_type).bytes(body).send()
    };
    patch("application/json", "{".to_owned()).await.expect_problem(400, "malformed_json");
    patch("text/plain", "{}".to_owned()).await.expect_problem(415, "unsupported_media_type");
    let long = format!("{{\"name\": \"{}\"}}", "x".repeat(1 << 20));
    patch("application/json", long).await.expect_problem(413, "payload_too_large");
    patch("application/merge-patch+json", "{\"name\": \"Anna\"}".to_owned()).await.expect(200);
}

#[tokio::test]
async fn only_a_known_account_can_be_changed() {
    let home = Home::start().await;
    let patch = json!({"name": "Anna"});
    home.app.patch(PATH, &patch).send().await.expect_problem(401, "token_required");
    let stranger = Person::new();
    home.app.patch(PATH, &patch).token(&stranger.token()).send().await.expect_problem(404, "account_not_ready");
}
