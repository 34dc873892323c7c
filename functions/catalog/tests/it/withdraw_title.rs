use futures::future::join_all;
use kernel::World;
use serde_json::{Value, json};
use time::{Duration, format_description::well_known::Rfc3339};

use crate::studio::{Studio, draft, id_of, ready};

async fn part(studio: &Studio, kind: &str, parent: &str, number: u16) -> String {
    let mut body = draft(&format!("{kind} {number}"));
    (body["kind"], body["parent_id"], body["number"]) = (json!(kind), json!(parent), json!(number));
    let id = id_of(&studio.create(&body).await);
    if kind == "episode" {
        studio.deliver(vec![ready(&id, World::system().id(), 1)]).await;
    }
    id
}

#[tokio::test]
async fn a_draft_cannot_be_withdrawn() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("A")).await);
    studio.withdraw(&id).await.expect_problem(409, "not_published");
    assert_eq!(studio.patch(&id, &json!({})).await.expect(200)["version"], 1);
}

#[tokio::test]
async fn a_stale_version_is_refused_and_of_two_editors_one_wins() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    let path = format!("/v1/admin/titles/{id}/withdraw");
    let withdraw =
        |tag: &'static str| studio.app.post(&path, &json!({})).token(&studio.editor).header("if-match", tag).send();
    withdraw("\"2\"").await.expect_problem(412, "precondition_failed");
    withdraw("W/\"3\"").await.expect_problem(412, "precondition_failed");
    let answers = join_all((0..4).map(|_| withdraw("\"3\""))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 3);
}

#[tokio::test]
async fn a_withdrawn_title_is_gone_from_every_list_told_and_can_come_back() {
    let studio = Studio::open().await;
    let id = studio.film(draft("A")).await;
    let withdrawn = studio.withdraw(&id).await;
    assert_eq!(withdrawn.header("etag"), Some("\"4\""));
    assert_eq!(withdrawn.expect(200)["publication"], "withdrawn");
    let path = format!("/v1/titles/{id}");
    for path in [path.clone(), format!("{path}/cast")] {
        studio.app.get(&path).send().await.expect_problem(410, "title_withdrawn");
    }
    assert_eq!(studio.app.get("/v1/titles").send().await.expect(200)["items"], json!([]));
    assert_eq!(studio.withdraw(&id).await.expect(200)["version"], 4, "a repetition changes nothing");
    let events = studio.service.events("domain-events", &id, 4).await;
    let told: Vec<_> = events.iter().map(|event| (event.sequence, event.data["publication"].as_str())).collect();
    assert_eq!(told[3], (4, Some("withdrawn")), "{told:?}");
    assert_eq!(events.len(), 4);

    studio.publish(&id, &json!({})).await.expect(200);
    studio.app.get(&path).send().await.expect(200);
    assert_eq!(studio.app.get("/v1/titles").send().await.expect(200)["items"][0]["id"], json!(id));
}

#[tokio::test]
async fn what_was_never_public_is_a_draft_again() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("Later")).await);
    studio.deliver(vec![ready(&id, World::system().id(), 1)]).await;
    let start = (World::system().now() + Duration::hours(2)).format(&Rfc3339).unwrap();
    studio.publish(&id, &json!({"rating": 0, "at": start})).await.expect(200);
    let draft = studio.withdraw(&id).await.expect(200);
    assert_eq!((&draft["publication"], &draft["published_at"]), (&json!("draft"), &Value::Null));
    studio.app.get(&format!("/v1/titles/{id}")).send().await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_series_goes_with_all_that_is_public_of_it() {
    let studio = Studio::open().await;
    let mut series = draft("Series");
    series["kind"] = json!("series");
    let series = id_of(&studio.create(&series).await);
    let season = part(&studio, "season", &series, 1).await;
    let (shown, hidden) = (part(&studio, "episode", &season, 1).await, part(&studio, "episode", &season, 2).await);
    for id in [&series, &season, &shown] {
        studio.publish(id, &json!({"rating": 6})).await.expect(200);
    }
    let other = studio.film(draft("Another")).await;
    studio.withdraw(&series).await.expect(200);
    for id in [&series, &season, &shown] {
        studio.app.get(&format!("/v1/titles/{id}")).send().await.expect_problem(410, "title_withdrawn");
        let told = studio.service.events("domain-events", id, 3).await;
        assert_eq!(told.last().unwrap().data["publication"], "withdrawn", "{id}");
    }
    assert_eq!(studio.patch(&hidden, &json!({})).await.expect(200)["publication"], "draft");
    studio.app.get(&format!("/v1/titles/{other}")).send().await.expect(200);
}
