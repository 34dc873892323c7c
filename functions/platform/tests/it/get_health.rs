use testkit::Service;

#[tokio::test]
async fn answers_with_version_and_request_id() {
    let app = Service::start("platform").await.app(platform::operations::routes);
    let answer = app.get("/v1/health").header("x-request-id", "caller-1").send().await;
    let health = answer.expect(200);
    assert_eq!(health["status"], "ok");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(answer.header("x-request-id"), Some("caller-1"));
}

#[tokio::test]
async fn what_the_router_refuses_is_a_problem_document() {
    let app = Service::start("platform").await.app(platform::operations::routes);
    app.get("/v1/nothing").send().await.expect_problem(404, "route_not_found");
    let wrong = app.delete("/v1/health").send().await;
    wrong.expect_problem(405, "method_not_allowed");
    assert!(wrong.header("allow").is_some_and(|allow| allow.contains("GET")));
}
