use cinema_http::{Audience, Json, OpenApiRouter, axum::routing::get};
use runtime::{Boot, Vars};
use testkit::App;

async fn territory(audience: Audience) -> Json<String> {
    Json(audience.territory().to_string())
}

fn routes() -> OpenApiRouter {
    OpenApiRouter::new().route("/territory", get(territory))
}

#[tokio::test]
async fn nobody_gets_in_around_the_edge() {
    let app = super::behind_the_edge(routes());
    app.get("/territory").send().await.expect(200);
    for wrong in ["", "guessed", "origin-secret-of-the-tesT"] {
        app.get("/territory").header("x-origin-verify", wrong).send().await.expect_problem(403, "edge_required");
    }
    let twice = app.get("/territory").header("x-origin-verify", testkit::http::ORIGIN_VERIFY);
    let twice = twice.header("x-origin-verify", testkit::http::ORIGIN_VERIFY).send().await;
    twice.expect_problem(403, "edge_required");
}

#[tokio::test]
async fn a_territory_that_the_edge_does_not_know_is_nowhere() {
    let app = super::behind_the_edge(routes());
    for (country, territory) in [("FR", "FR"), ("", "ZZ"), ("fr", "ZZ"), ("T1\u{7f}", "ZZ"), ("EUR", "ZZ")] {
        if country.bytes().all(|byte| byte != 0x7f) {
            let answer = app.get("/territory").header("cloudfront-viewer-country", country).send().await;
            assert_eq!(answer.expect(200), territory, "{country:?}");
        }
    }
}

#[tokio::test]
async fn without_an_edge_the_deployment_says_where_it_is_or_is_nowhere() {
    let vars = Vars::default().set("JWKS_URL", testkit::token::jwks_url());
    for (vars, territory) in [(vars.clone().set("DEFAULT_TERRITORY", "DE"), "DE"), (vars, "ZZ")] {
        let app = App::new(cinema_http::finish(&Boot::recording_with(vars), routes()).unwrap());
        // Headers of an edge are nobody's word here.
        let answer = app.get("/territory").header("cloudfront-viewer-country", "FR").send().await;
        assert_eq!(answer.expect(200), territory);
    }
}

#[tokio::test]
async fn what_cannot_be_decoded_is_a_problem_document() {
    async fn echo(Json(body): Json<serde_json::Value>) -> Json<serde_json::Value> {
        Json(body)
    }
    let app = super::behind_the_edge(OpenApiRouter::new().route("/echo", cinema_http::axum::routing::post(echo)));
    let call = |encoding: &str, body: &'static [u8]| {
        let call = app.call(cinema_http::axum::http::Method::POST, "/echo").header("content-type", "application/json");
        call.header("content-encoding", encoding).bytes(body).send()
    };
    call("br", b"{}").await.expect_problem(415, "unsupported_media_type");
    call("deflate", b"{}").await.expect_problem(415, "unsupported_media_type");
    call("gzip", b"{\"this\": \"is no gzip\"}").await.expect_problem(400, "unreadable_body");
    call("identity", b"\xef\xbb\xbf{\"bom\": true}").await.expect(200);
}
