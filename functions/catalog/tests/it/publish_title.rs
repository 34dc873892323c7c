use events::Outcome;
use kernel::World;
use serde_json::{Value, json};
use time::{Duration, format_description::well_known::Rfc3339};

use crate::studio::{Studio, draft, failed, id_of, ready};

fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_unmet_rule_is_listed() {
    let studio = Studio::open().await;
    let bare = json!({"kind": "film", "original_title": "Bare", "windows": [{"until": "2001-01-01T00:00:00Z"}]});
    let id = id_of(&studio.create(&bare).await);
    let problem = studio.publish(&id, &json!({})).await.expect_problem(409, "not_publishable");
    assert_eq!(pointers(&problem), ["/asset", "/rating", "/artwork", "/localisations", "/windows"]);
    studio.patch(&id, &json!({"windows": [], "localisations": {"en": {"name": "Bare"}}})).await.expect(200);
    // A failed film is no film.
    studio.deliver(vec![failed(&id, World::system().id(), 1)]).await;
    let problem = studio.publish(&id, &json!({"rating": 6})).await.expect_problem(409, "not_publishable");
    assert_eq!(pointers(&problem), ["/asset", "/artwork"]);
    assert_eq!(studio.deliver(vec![ready(&id, World::system().id(), 1)]).await, [Outcome::Done]);
    let title = studio.publish(&id, &json!({"rating": 6})).await.expect(200);
    assert_eq!(
        (&title["publication"], &title["unmet"], &title["rating"]),
        (&json!("published"), &json!([]), &json!(6))
    );
    studio.app.get(&format!("/v1/titles/{id}")).send().await.expect(200);
    assert_eq!(
        studio.publish(&id, &json!({})).await.expect(200)["version"],
        title["version"],
        "publishing twice changes nothing"
    );
}

#[tokio::test]
async fn a_later_moment_is_kept() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("Later")).await);
    studio.deliver(vec![ready(&id, World::system().id(), 1)]).await;
    let start = World::system().now() + Duration::hours(2);
    studio.publish(&id, &json!({"rating": 0, "at": start.format(&Rfc3339).unwrap()})).await.expect(200);
    let path = format!("/v1/titles/{id}");
    studio.app.get(&path).send().await.expect_problem(404, "not_found");
    let (world, _) = World::replay(start, 1);
    let boot = studio.service.boot().with_world(world);
    let later = studio.service.app_with(&boot, catalog::operations::routes);
    later.get(&path).send().await.expect(200);
    assert_eq!(later.get("/v1/titles").send().await.expect(200)["items"][0]["id"], json!(id));
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("A")).await);
    for (body, pointer) in [
        (json!({"rating": 19}), "/rating"),
        (json!({"rating": -1}), "/rating"),
        (json!({"rating": "12"}), "/rating"),
        (json!({"at": "soon"}), "/at"),
        (json!({"at": "9999-12-31T23:59:59-23:59"}), "/at"),
        (json!({"when": 1}), "/when"),
    ] {
        let problem = studio.publish(&id, &body).await.expect_problem(422, "invalid_request");
        assert_eq!(pointers(&problem), [pointer], "{body}");
    }
}

#[tokio::test]
async fn an_episode_that_nobody_could_ever_watch_is_not_published() {
    let studio = Studio::open().await;
    let offered = |kind: &str, parent: Option<&str>, plan: &str| {
        let mut body = draft(kind);
        (body["kind"], body["windows"]) = (json!(kind), json!([{"plans": [plan]}]));
        if let Some(parent) = parent {
            (body["parent_id"], body["number"]) = (json!(parent), json!(1));
        }
        body
    };
    let series = id_of(&studio.create(&offered("series", None, "premium")).await);
    let season = id_of(&studio.create(&offered("season", Some(&series), "basic")).await);
    studio.publish(&series, &json!({"rating": 6})).await.expect(200);
    let problem = studio.publish(&season, &json!({"rating": 6})).await.expect_problem(409, "not_publishable");
    assert_eq!(problem["errors"][0]["pointer"], "/windows");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("season and series"), "{problem}");
    studio.offer(&season, json!([{"plans": ["basic", "premium"]}])).await.expect(200);
    studio.publish(&season, &json!({"rating": 6})).await.expect(200);
}
