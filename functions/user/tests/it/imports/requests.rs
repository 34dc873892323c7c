//! What is refused before a file comes, and what becomes of the file.

use events::Outcome;
use futures::future::join_all;
use kernel::World;
use runtime::Boot;
use serde_json::{Value, json};
use time::Duration;

use super::{PATH, begin, confirm, has_file, letterboxd, line, lines, look, nowhere, send, tell_file, undo, watched};
use crate::home::{Home, Person};

#[tokio::test]
async fn a_file_goes_where_its_link_leads() {
    let home = Home::start().await;
    let person = home.person().await;
    super::library(&home, &["Alien"]).await;
    let file = format!("Date,Name,Year,Letterboxd URI\n{}", watched("Alien", 2000));
    let (id, url) = begin(&home, &person.viewer(), &json!({"source": "letterboxd", "size": file.len()})).await;
    assert!(url.contains(&format!("/files/{id}?")) && url.contains("X-Amz-Expires=3600"), "{url}");
    assert!(url.contains("X-Amz-SignedHeaders=content-length%3Bhost"), "{url}");
    let before = look(&home, &person.viewer(), &id).await;
    assert_eq!(before["import"]["status"], "waiting");
    assert_eq!((before["import"].get("counts"), &before["lines"]), (None, &json!({"items": []})));
    // As the edge passes it on.
    super::files(&home).put(&super::key(&id), file.clone().into_bytes(), "text/csv", None).await.unwrap();
    for _ in 0..3 {
        assert_eq!(tell_file(&home, &id, file.len()).await, Outcome::Done);
        assert!(!has_file(&home, &id).await);
    }
    let ready = look(&home, &person.viewer(), &id).await;
    assert_eq!(ready["import"]["status"], "ready");
    assert_eq!(lines(&ready), [line(2, "Alien")]);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_its_place() {
    let home = Home::start().await;
    let person = home.person().await;
    for (body, pointer) in [
        (json!({"source": "netflix", "size": 0}), "/size"),
        (json!({"source": "netflix", "size": 20 * 1024 * 1024 + 1}), "/size"),
        (json!({"source": "netflix", "size": 200_000_000}), "/size"),
        (json!({"source": "netflix", "size": 1, "list": "watched"}), "/list"),
        (json!({"source": "trakt", "size": 1, "date_order": "day_first"}), "/date_order"),
        (json!({"source": "letterboxd", "size": 1, "source_profile": "Anna"}), "/source_profile"),
        (json!({"source": "netflix", "size": 1, "source_profile": "a\u{202e}b"}), "/source_profile"),
        (json!({"source": "imdb", "size": 1}), "/source"),
        (json!({"source": "netflix", "size": -1}), "/size"),
    ] {
        let answer = home.app.post(PATH, &body).token(&person.viewer()).send().await;
        assert_eq!(answer.status.as_u16(), 422, "{body}");
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    let body = json!({"source": "netflix", "size": 1});
    home.app.post(PATH, &body).send().await.expect_problem(401, "token_required");
    home.app.post(PATH, &body).token(&person.token()).send().await.expect_problem(403, "profile_required");
    home.app.post(PATH, &body).token(&Person::new().viewer()).send().await.expect_problem(404, "not_found");
    let path = format!("{PATH}/{}", nowhere());
    home.app.get(&path).token(&person.viewer()).send().await.expect_problem(404, "not_found");
    home.app.delete(&path).token(&person.viewer()).send().await.expect(204);
    let call = home.app.call("POST".parse().unwrap(), &format!("{path}/confirm"));
    call.token(&person.viewer()).send().await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn of_many_imports_at_once_one_runs() {
    let home = Home::start().await;
    let (person, other) = (home.person().await, home.person().await);
    let body = json!({"source": "trakt", "size": 2});
    let token = person.viewer();
    let answers = join_all((0..12).map(|_| home.app.post(PATH, &body).token(&token).send())).await;
    let begun: Vec<_> = answers.iter().filter(|answer| answer.status.as_u16() == 201).collect();
    assert_eq!(begun.len(), 1);
    let id = begun[0].expect(201)["id"].clone();
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 201) {
        answer.expect_problem(409, "import_running");
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["import_id"], id);
    }
    begin(&home, &other.viewer(), &body).await;
    undo(&home, &token, id.as_str().unwrap()).await;
    begin(&home, &token, &body).await;
}

#[tokio::test]
async fn the_same_key_is_the_same_import() {
    let home = Home::start().await;
    let person = home.person().await;
    let ask = |size: u32| {
        let body = json!({"source": "trakt", "size": size});
        home.app.post(PATH, &body).token(&person.viewer()).header("idempotency-key", "key-1").send()
    };
    let first = ask(7).await.expect(201);
    assert_eq!(ask(7).await.expect(201), first);
    ask(8).await.expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn what_came_to_nothing_does_not_stand_in_the_way() {
    let home = Home::start().await;
    let person = home.person().await;
    let refused = send(&home, &person.viewer(), json!({"source": "trakt"}), "no json").await;
    let call = home.app.call("POST".parse().unwrap(), &format!("{PATH}/{refused}/confirm"));
    call.token(&person.viewer()).send().await.expect_problem(409, "import_not_ready");
    // A refused one gives way at once, one whose file did not come after two hours, one that nobody confirmed after seven days.
    let body = json!({"source": "trakt", "size": 2});
    let (waiting, _) = begin(&home, &person.viewer(), &body).await;
    let call = home.app.call("POST".parse().unwrap(), &format!("{PATH}/{waiting}/confirm"));
    call.token(&person.viewer()).send().await.expect_problem(409, "import_not_ready");
    let later = async |by: Duration| {
        let now = World::system().now() + by;
        let boot = Boot::new(home.service.vars().clone()).with_world(World::replay(now, 7).0);
        let token = person.viewer().at(now);
        home.service.app_with(&boot, user::operations::routes).post(PATH, &body).token(&token).send().await
    };
    later(Duration::hours(2) - Duration::MINUTE).await.expect_problem(409, "import_running");
    let second = later(Duration::hours(2)).await.expect(201)["id"].as_str().unwrap().to_owned();
    // A file that comes after that is not read.
    super::files(&home).put(&super::key(&waiting), b"[]".to_vec(), "text/csv", None).await.unwrap();
    assert_eq!(tell_file(&home, &waiting, 2).await, Outcome::Done);
    assert!(!has_file(&home, &waiting).await);
    home.app.get(&format!("{PATH}/{waiting}")).token(&person.viewer()).send().await.expect_problem(404, "not_found");
    undo(&home, &person.viewer(), &second).await;
}

#[tokio::test]
async fn the_imports_of_a_profile_are_listed_and_bounded() {
    let home = Home::start().await;
    let person = home.person().await;
    super::library(&home, &["Alien"]).await;
    let file = format!("Date,Name,Year,Letterboxd URI\n{}", watched("Alien", 2000));
    let mut ids = Vec::new();
    for _ in 0..20 {
        let id = send(&home, &person.viewer(), letterboxd("watched"), &file).await;
        confirm(&home, &person.viewer(), &id).await;
        ids.insert(0, id);
    }
    let listed = home.items(&person, PATH).await;
    assert_eq!(listed.iter().map(|import| import["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    assert_eq!(listed[19]["written"], json!({"history": 1, "ratings": 0, "watchlist": 0}));
    assert_eq!(listed[0]["written"], json!({"history": 0, "ratings": 0, "watchlist": 0}));
    let body = json!({"source": "trakt", "size": 2});
    home.app.post(PATH, &body).token(&person.viewer()).send().await.expect_problem(409, "too_many_imports");
    undo(&home, &person.viewer(), &ids[0]).await;
    begin(&home, &person.viewer(), &body).await;
}

#[tokio::test]
async fn a_file_that_is_not_there_yet_is_asked_for_again() {
    let home = Home::start().await;
    let person = home.person().await;
    let (id, _) = begin(&home, &person.viewer(), &json!({"source": "trakt", "size": 2})).await;
    assert!(matches!(tell_file(&home, &id, 2).await, Outcome::Retry(_)));
    assert!(matches!(tell_file(&home, "somewhere", 2).await, Outcome::Poison(_)));
}
