use analytics::operations::routes;
use kernel::{ProfileId, TitleId, World};
use proto::types;
use serde_json::json;
use testkit::Token;
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::fixture::{Fixture, Session};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:30 UTC);

fn path(title: impl ToString) -> String {
    format!("/v1/analytics/titles/{}/overview", title.to_string())
}

#[tokio::test]
async fn sessions_with_known_answers() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let title: TitleId = world.id();
    let (anna, boris, vera): (ProfileId, ProfileId, ProfileId) = (world.id(), world.id(), world.id());
    let at = |hours: i64| NOW - Duration::hours(hours);
    let clip = |session: Session| Session { duration_seconds: 60.0, ..session };
    for events in [
        Session::new(title, anna, at(2)).events(&[10.0, 540.0]),
        Session::new(title, anna, at(0)).events(&[30.25]),
        Session::new(title, boris, at(0)).events(&[29.9]),
        Session::new(title, vera, at(0)).events(&[]),
        clip(Session::new(title, boris, at(1))).events(&[3.0]),
        Session::new(world.id(), boris, at(1)).events(&[100.0]),
    ] {
        fixture.ingest_all(NOW, events).await;
    }
    fixture.roll_up(NOW).await;
    let (app, editor) = (fixture.service.app(routes), Token::role("editor"));
    let overview = app.get(&path(title)).token(&editor).send().await.expect(200);
    let expected = json!({"title_id": title, "from": null, "until": null, "starts": 5, "views": 3, "unique_viewers": 2,
        "watch_time_seconds": 603, "completed_views": 1, "completion": 0.3333});
    assert_eq!(overview, expected);

    let span = format!("{}?from=2026-03-01T11:00:00Z&until=2026-03-01T12:00:00Z", path(title));
    let overview = app.get(&span).token(&editor).send().await.expect(200);
    assert_eq!((&overview["views"], &overview["from"]), (&json!(1), &json!("2026-03-01T11:00:00Z")));
    fixture.end().await;
}

#[tokio::test]
async fn a_title_that_nobody_watched_has_no_completion() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let title: TitleId = world.id();
    let listed = events::Event::new(
        &world,
        types::TITLE_CHANGED,
        title,
        1,
        &json!({"title_id": title, "kind": "film", "publication": "published"}),
    );
    fixture.ingest_all(NOW, vec![listed]).await;
    let overview = fixture.service.app(routes).get(&path(title)).token(&Token::role("admin")).send().await.expect(200);
    assert_eq!((&overview["views"], overview.get("completion")), (&json!(0), None));
    fixture.end().await;
}

#[tokio::test]
async fn bad_requests_are_problems() {
    let fixture = Fixture::start().await;
    let app = fixture.service.app(routes);
    let (title, editor) = (World::system().id::<TitleId>(), Token::role("editor"));
    app.get(&path(title)).send().await.expect_problem(401, "token_required");
    app.get(&path(title)).token(&Token::viewer()).send().await.expect_problem(403, "role_required");
    app.get(&path(title)).bearer(&Token::expired()).send().await.expect_problem(401, "token_expired");
    app.get(&path(title)).bearer(&editor.forged()).send().await.expect_problem(401, "invalid_token");
    app.get(&path(title)).token(&editor).send().await.expect_problem(404, "not_found");
    app.get(&path("prf_01jd3k5m7n9pqrstvwxyz01234")).token(&editor).send().await.expect_problem(404, "not_found");
    for query in ["from=yesterday", "from=2026-03-01T11:00:01Z", "until=", "since=2026-03-01T11:00:00Z"] {
        let answer = app.get(&format!("{}?{query}", path(title))).token(&editor).send().await;
        answer.expect_problem(422, "invalid_request");
    }
    fixture.end().await;
}

#[tokio::test]
async fn without_clickhouse_the_answer_is_503() {
    let fixture = Fixture::start().await.without_clickhouse();
    let answer = fixture
        .service
        .app(routes)
        .get(&path(World::system().id::<TitleId>()))
        .token(&Token::role("editor"))
        .send()
        .await;
    answer.expect_problem(503, "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
    fixture.end().await;
}
