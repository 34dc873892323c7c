use events::Outcome;
use futures::future::join_all;
use proto::catalog::TitleChanged;
use serde_json::{Value, json};
use testkit::Answer;

use crate::{
    home::{Home, Person},
    library::{Session, ago, film},
};

const PATH: &str = "/v1/history";

async fn erase(home: &Home, person: &Person, path: &str) -> Answer {
    home.app.delete(path).token(&person.viewer()).send().await
}

#[tokio::test]
async fn what_was_watched_is_listed_last_first_each_title_once() {
    let home = Home::start().await;
    let person = home.person().await;
    let (first, second) = (home.title(&film("First")).await, home.title(&film("Second")).await);
    home.watch(&person, first, 600.0, 50).await;
    home.watch(&person, second, 1200.0, 40).await;
    home.watch(&person, first, 3000.0, 30).await;
    let items = home.items(&person, PATH).await;
    assert_eq!(home.titles(&person, PATH).await, [first, second]);
    let told = |item: &Value| json!([item["position_seconds"], item["watched_seconds"], item["duration_seconds"]]);
    assert_eq!((told(&items[0]), told(&items[1])), (json!([3000.0, 1800.0, 6000.0]), json!([1200.0, 600.0, 6000.0])));
    home.tell_title(
        2,
        &TitleChanged { publication: "withdrawn".to_owned(), title_id: first.to_string(), ..film("First") },
    )
    .await;
    assert_eq!(home.titles(&person, PATH).await, [second]);
    let page = home.app.get("/v1/history?limit=1").token(&person.viewer()).send().await.expect(200);
    assert_eq!((page["items"].as_array().unwrap().len(), page.get("next_cursor")), (1, None));
}

#[tokio::test]
async fn an_erased_history_is_gone_and_announced() {
    let home = Home::start().await;
    let (person, other) = (home.person().await, home.person().await);
    let (first, second) = (home.title(&film("First")).await, home.title(&film("Second")).await);
    for person in [&person, &other] {
        home.watch(person, first, 600.0, 50).await;
        home.watch(person, second, 1200.0, 40).await;
    }
    let one = erase(&home, &person, &format!("{PATH}/{first}")).await.expect(202);
    assert_eq!(one["status"], "erasing");
    assert_eq!(home.titles(&person, PATH).await, [second]);
    let all = erase(&home, &person, PATH).await.expect(202);
    assert!(home.titles(&person, PATH).await.is_empty());
    assert!(home.titles(&person, "/v1/continue-watching").await.is_empty());
    assert_eq!(home.titles(&other, PATH).await.len(), 2);

    let events = home.service.events("domain-events", person.profile, 3).await;
    let erased: Vec<_> = events.iter().filter(|event| event.kind == "cinema.user.history_erased.v1").collect();
    let told = |at: usize| {
        let data = &erased[at].data;
        json!([data["account_id"], data.get("title_id").cloned().unwrap_or_default(), data["erased_at"]])
    };
    assert_eq!(erased.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(told(0), json!([person.account, first, one["erased_at"]]));
    assert_eq!(told(1), json!([person.account, told(1)[1], all["erased_at"]]));
    assert!(told(1)[1].as_str().unwrap_or_default().is_empty());
}

#[tokio::test]
async fn an_erasure_wins_over_what_is_told_late_and_not_over_what_happens_later() {
    let home = Home::start().await;
    let person = home.person().await;
    let title = home.title(&film("Alpha")).await;
    let path = format!("{PATH}/{title}");
    let session = Session::new(&person, title, ago(60));
    assert_eq!(home.tell_playback(session.event(1, 600.0, ago(50))).await, Outcome::Done);
    erase(&home, &person, &path).await.expect(202);
    // Late, and of a session that was not heard of before.
    assert_eq!(home.tell_playback(session.event(2, 1200.0, ago(40))).await, Outcome::Done);
    home.watch(&person, title, 900.0, 30).await;
    assert!(home.items(&person, PATH).await.is_empty());
    // The same session goes on.
    assert_eq!(home.tell_playback(session.event(3, 1800.0, ago(-1))).await, Outcome::Done);
    assert_eq!(home.items(&person, PATH).await[0]["position_seconds"], 1800.0);
}

#[tokio::test]
async fn only_the_accounts_own_profile_is_erased() {
    let home = Home::start().await;
    let (anna, boris) = (home.person().await, home.person().await);
    let title = home.title(&film("Alpha")).await;
    home.watch(&boris, title, 600.0, 50).await;
    let crossed = anna.token().profile(boris.profile);
    for path in [PATH.to_owned(), format!("{PATH}/{title}")] {
        home.app.delete(&path).token(&crossed).send().await.expect_problem(404, "not_found");
        home.app.delete(&path).token(&anna.token()).send().await.expect_problem(403, "profile_required");
        home.app.delete(&path).send().await.expect_problem(401, "token_required");
    }
    erase(&home, &boris, "/v1/history/x").await.expect_problem(404, "not_found");
    assert_eq!(home.titles(&boris, PATH).await, [title]);
    // Nothing to forget is no failure.
    erase(&home, &anna, PATH).await.expect(202);
}

#[tokio::test]
async fn twenty_parallel_erasures_are_told_apart() {
    let home = Home::start().await;
    let person = home.person().await;
    let answers = join_all((0..20).map(|_| erase(&home, &person, PATH))).await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 202));
    let events = home.service.events("domain-events", person.profile, 21).await;
    let erased = events.iter().filter(|event| event.kind == "cinema.user.history_erased.v1");
    let sequences: std::collections::BTreeSet<_> = erased.map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=20).collect());
}
