use kernel::World;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::studio::{Studio, draft, id_of};

fn text(moment: OffsetDateTime) -> Value {
    json!(moment.format(&Rfc3339).unwrap())
}

#[tokio::test]
async fn what_is_wrong_is_refused_where_it_is() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("A")).await);
    for (windows, pointer) in [
        (json!([{"territories": ["DE", "FR"]}, {"territories": ["FR"], "plans": ["premium"]}]), "/windows/1"),
        (json!([{"until": "2030-01-01T00:00:00Z"}, {"from": "2029-12-31T23:59:59.999Z"}]), "/windows/1"),
        (json!([{"from": "2030-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}]), "/windows/0/until"),
        (json!([{"territories": ["Germany"]}]), "/windows/0/territories/0"),
        (json!([{"plans": ["a b"]}]), "/windows/0/plans"),
        (json!([{"colour": "red"}]), "/windows/0/colour"),
        (json!(vec![json!({"territories": ["DE"]}); 101]), "/windows"),
        (json!(null), "/windows"),
    ] {
        let problem = studio.offer(&id, windows.clone()).await.expect_problem(422, "invalid_request");
        let found = problem["errors"][0]["pointer"].as_str().unwrap().to_owned();
        assert!(found.starts_with(pointer), "{windows}: {found}");
    }
    let path = format!("/v1/admin/titles/{id}/availability");
    let without = studio.app.put(&path, &json!({})).token(&studio.editor).send().await;
    without.expect_problem(422, "invalid_request");
    let stale = studio.app.put(&path, &json!({"windows": []})).token(&studio.editor).header("if-match", "\"9\"");
    stale.send().await.expect_problem(412, "precondition_failed");
    assert_eq!(studio.patch(&id, &json!({})).await.expect(200)["version"], 1, "nothing was written");
}

#[tokio::test]
async fn windows_side_by_side_are_set_told_and_kept() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    let windows = json!([
        {"territories": ["DE"], "plans": ["standard"]}, {"territories": ["DE"], "plans": ["premium"]},
        {"territories": ["FR"], "plans": [], "until": "2099-01-01T00:00:00Z"},
    ]);
    let set = studio.offer(&id, windows.clone()).await;
    assert_eq!((set.header("etag"), &set.expect(200)["version"]), (Some("\"4\""), &json!(4)));
    assert_eq!(studio.offer(&id, windows).await.expect(200)["version"], 4, "a repetition changes nothing");
    let events = studio.service.events("domain-events", &id, 4).await;
    assert_eq!((events.len(), &events[3].data["windows"][2]["territories"]), (4, &json!(["FR"])));
    let seen = async |territory: &str| {
        let call = studio.app.get(&format!("/v1/titles/{id}")).territory(&territory.parse().unwrap());
        call.send().await.status.as_u16()
    };
    assert_eq!((seen("DE").await, seen("FR").await, seen("US").await), (200, 200, 404));
}

#[tokio::test]
async fn the_windows_of_a_published_title_may_end_now() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    let path = format!("/v1/titles/{id}");
    // Not before it was public: that is a slip of the pen.
    let never = json!([{"until": "2001-01-01T00:00:00Z"}]);
    studio.offer(&id, never).await.expect_problem(409, "not_publishable");
    studio.app.get(&path).send().await.expect(200);
    let title = studio.offer(&id, json!([{"until": text(World::system().now())}])).await.expect(200);
    assert_eq!((&title["publication"], &title["unmet"]), (&json!("published"), &json!(["/windows"])));
    studio.app.get(&path).send().await.expect_problem(404, "not_found");
    assert_eq!(studio.app.get("/v1/titles").send().await.expect(200)["items"], json!([]));
    let open = json!([{"until": text(World::system().now() + Duration::DAY)}]);
    studio.offer(&id, open).await.expect(200);
    studio.app.get(&path).send().await.expect(200);
    // The other way to change windows knows the same rule.
    let over = json!({"windows": [{"until": text(World::system().now())}]});
    studio.patch(&id, &over).await.expect(200);
    studio.app.get(&path).send().await.expect_problem(404, "not_found");
}
