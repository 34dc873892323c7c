use events::Outcome;
use futures::future::join_all;
use kernel::{AssetId, TitleId, World};
use serde_json::{Value, json};
use testkit::Token;

use crate::studio::{Studio, draft, dropped, failed, id_of, ready};

async fn delete(studio: &Studio, id: &str) -> testkit::Answer {
    studio.app.delete(&format!("/v1/admin/titles/{id}")).token(&studio.editor).send().await
}

#[tokio::test]
async fn a_draft_goes_once_and_everybody_hears_of_it() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("Gone")).await);
    studio.deliver(vec![ready(&id, World::system().id(), 1)]).await;
    let answers = join_all((0..4).map(|_| delete(&studio, &id))).await;
    assert!(answers.iter().all(|answer| answer.status == 204), "{:?}", answers[0].status);
    let told = studio.service.events("domain-events", &id, 3).await;
    assert_eq!(told.len(), 3, "made, given its film, deleted");
    let read = events::Title::read(&told[2]).unwrap();
    assert_eq!((read.is_deleted, read.sequence), (true, 3));
    studio.patch(&id, &json!({"year": 1999})).await.expect_problem(404, "not_found");
    studio.publish(&id, &json!({"rating": 0})).await.expect_problem(404, "not_found");
    let action: String = sqlx::query_scalar("select action from audit where title_id = $1 order by id desc limit 1")
        .bind(&id)
        .fetch_one(&studio.service.pool())
        .await
        .unwrap();
    assert_eq!(action, "deleted");
    assert_eq!(studio.create(&draft("Gone")).await["slug"], "gone", "its address is free again");
}

#[tokio::test]
async fn what_cannot_be_deleted_stays() {
    let studio = Studio::open().await;
    let unknown = World::system().id::<TitleId>().to_string();
    delete(&studio, &unknown).await.expect_problem(404, "not_found");
    let published = studio.film(draft("Seen")).await;
    delete(&studio, &published).await.expect_problem(409, "title_was_public");
    studio.withdraw(&published).await;
    delete(&studio, &published).await.expect_problem(409, "title_was_public");

    let mut series = draft("Series");
    series["kind"] = json!("series");
    let series = studio.create(&series).await;
    let mut season = draft("Season");
    (season["kind"], season["parent_id"], season["number"]) = (json!("season"), series["id"].clone(), json!(1));
    let season = id_of(&studio.create(&season).await);
    let series = id_of(&series);
    delete(&studio, &series).await.expect_problem(409, "title_not_empty");
    let path = format!("/v1/admin/titles/{season}");
    let stale = studio.app.delete(&path).token(&studio.editor).header("if-match", "\"7\"").send().await;
    stale.expect_problem(412, "precondition_failed");
    studio.app.delete(&path).token(&Token::viewer()).send().await.expect_problem(403, "role_required");
    assert_eq!(delete(&studio, &season).await.status, 204);
    assert_eq!(delete(&studio, &series).await.status, 204);
}

#[tokio::test]
async fn nothing_that_comes_late_brings_a_title_back() {
    let studio = Studio::open().await;
    let (title, asset): (TitleId, AssetId) = (World::system().id(), World::system().id());
    let id = title.to_string();
    let told = vec![dropped(title, asset, "inbox/a.mp4"), ready(&id, asset, 4), failed(&id, asset, 3)];
    assert_eq!(studio.deliver(told[..1].to_vec()).await, [Outcome::Done]);
    assert_eq!(delete(&studio, &id).await.status, 204);
    assert!(studio.deliver(told).await.iter().all(|outcome| *outcome == Outcome::Done));
    studio.patch(&id, &json!({})).await.expect_problem(404, "not_found");
    let left: i64 = sqlx::query_scalar("select (select count(*) from titles) + (select count(*) from asset_reports)")
        .fetch_one(&studio.service.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

/// A film becomes ready while its draft is deleted: in either order nothing is left.
#[tokio::test]
async fn a_report_and_a_deletion_at_once_agree() {
    let studio = Studio::open().await;
    for _ in 0..6 {
        let id = id_of(&studio.create(&draft("Raced")).await);
        let (outcomes, deleted) =
            futures::join!(studio.deliver(vec![ready(&id, World::system().id(), 1)]), delete(&studio, &id));
        assert_eq!((outcomes.as_slice(), deleted.status.as_u16()), (&[Outcome::Done][..], 204));
        studio.patch(&id, &Value::Object(serde_json::Map::new())).await.expect_problem(404, "not_found");
    }
}
