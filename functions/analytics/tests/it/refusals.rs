//! What every reader refuses, and says where it cannot answer.

use kernel::{TitleId, World};
use testkit::Token;

use crate::fixture::Fixture;

#[tokio::test]
async fn bad_requests_are_problems() {
    let fixture = Fixture::start().await;
    let (app, editor, support) = (fixture.app(), Token::role("editor"), Token::role("support"));
    for path in
        ["quality", "concurrency", "peak-hours", "popular", "trends"].map(|name| format!("/v1/analytics/{name}"))
    {
        app.get(&path).send().await.expect_problem(401, "token_required");
        app.get(&path).token(&Token::viewer()).send().await.expect_problem(403, "role_required");
        app.get(&format!("{path}?what=1")).token(&editor).send().await.expect_problem(422, "invalid_request");
    }
    for path in ["revenue", "royalties"].map(|name| format!("/v1/analytics/{name}")) {
        app.get(&format!("{path}?month=2026-01")).token(&editor).send().await.expect_problem(403, "role_required");
        for query in ["", "?month=", "?month=2026-13", "?month=2026", "?month=2106-01", "?month=2026-01&year=1"] {
            app.get(&format!("{path}{query}")).token(&support).send().await.expect_problem(422, "invalid_request");
        }
    }
    app.get("/v1/analytics/me").token(&Token::fresh()).send().await.expect_problem(403, "profile_required");
    let title: TitleId = World::system().id();
    for (token, path) in [
        (&editor, "quality?group_by=device"),
        (&editor, "quality?from=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00Z"),
        (&editor, "quality?from=2026-01-01T00:00:00Z&until=2026-02-01T01:00:00Z"),
        (&editor, "concurrency?until=1970-01-01T00:00:00Z"),
        (&editor, "peak-hours?from=1970-01-01T00:00:00Z"),
        (&editor, "popular?window=year"),
        (&editor, "trends?limit=0"),
        (&editor, "trends?limit=101"),
        (&support, "royalties?month=2026-01&basis_points=10001"),
        (&support, "royalties?month=2026-01&basis_points=-1"),
    ] {
        app.get(&format!("/v1/analytics/{path}")).token(token).send().await.expect_problem(422, "invalid_request");
    }
    for year in ["1969", "2106", "99999999999", "now"] {
        let answer = app.get(&format!("/v1/analytics/me?year={year}")).token(&Token::viewer()).send().await;
        answer.expect_problem(422, "invalid_request");
    }
    for path in ["timeseries/likes", "timeseries/views", "retention"] {
        let answer = app.get(&format!("/v1/analytics/titles/{title}/{path}")).token(&editor).send().await;
        answer.expect_problem(404, "not_found");
    }
    let long = format!("/v1/analytics/titles/{title}/timeseries/views?interval=hour&from=1970-01-01T00:00:00Z");
    app.get(&long).token(&editor).send().await.expect_problem(422, "invalid_request");
    fixture.end().await;
}

#[tokio::test]
async fn without_clickhouse_every_reader_answers_503() {
    let fixture = Fixture::start().await.without_clickhouse();
    let app = fixture.app();
    let title: TitleId = World::system().id();
    let everything = Token::role("admin").profile(World::system().id());
    for path in [
        "quality".to_owned(),
        "concurrency".to_owned(),
        "peak-hours".to_owned(),
        "popular".to_owned(),
        "trends".to_owned(),
        "me".to_owned(),
        "revenue?month=2026-01".to_owned(),
        "royalties?month=2026-01".to_owned(),
        "experiments/darker".to_owned(),
        format!("titles/{title}/retention"),
        format!("titles/{title}/timeseries/views"),
    ] {
        let answer = app.get(&format!("/v1/analytics/{path}")).token(&everything).send().await;
        answer.expect_problem(503, "temporarily_unavailable");
    }
    fixture.end().await;
}
