use kernel::{AssetId, TitleId, World};
use serde_json::{Value, json};
use testkit::Token;

use crate::studio::{Studio, draft, dropped, failed, id_of, ready};

async fn list(studio: &Studio, query: &str) -> Value {
    studio.app.get(&format!("/v1/admin/titles{query}")).token(&studio.editor).send().await.expect(200)
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|card| card["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_editor_sees_every_title_with_what_became_of_its_file() {
    let studio = Studio::open().await;
    let public = studio.film(draft("Public")).await;
    let bare = id_of(&studio.create(&draft("Bare")).await);
    // The id of a dropped draft is a digest: it does not say when it was made.
    let inbox: TitleId = kernel::Id::from_uuid("ffffffff-ffff-8fff-bfff-ffffffffffff".parse().unwrap());
    let (first, second): (AssetId, AssetId) = (World::system().id(), World::system().id());
    studio.deliver(vec![dropped(inbox, first, "holidays/My Holiday.mp4")]).await;
    let inbox = inbox.to_string();
    studio.patch(&inbox, &json!({"original_title": "Another name"})).await.expect(200);
    let last = id_of(&studio.create(&draft("Last")).await);

    let page = list(&studio, "").await;
    assert_eq!(ids(&page), [last.as_str(), &inbox, &bare, &public], "the newest first");
    let card = |page: &Value, id: &str| -> Value {
        page["items"].as_array().unwrap().iter().find(|card| card["id"] == *id).unwrap().clone()
    };
    let waiting = card(&page, &inbox);
    assert_eq!(
        waiting["source"],
        json!({"asset_id": first, "filename": "holidays/My Holiday.mp4", "state": "processing"})
    );
    assert_eq!((&waiting["original_title"], &waiting["publication"]), (&json!("Another name"), &json!("draft")));
    assert_eq!(waiting["unmet"], json!(["/asset", "/rating", "/artwork"]));
    assert!(card(&page, &bare)["source"].is_null());
    assert_eq!(
        (&card(&page, &public)["source"]["state"], &card(&page, &public)["unmet"]),
        (&json!("ready"), &json!([]))
    );

    studio.deliver(vec![failed(&inbox, first, 2)]).await;
    let refused = card(&list(&studio, "?state=draft").await, &inbox);
    assert_eq!((&refused["source"]["state"], &refused["failure"]["code"]), (&json!("failed"), &json!("not_a_video")));
    assert_eq!(refused["failure"]["detail"], "Upload a file with a video track.");
    studio.deliver(vec![ready(&inbox, second, 1)]).await;
    let good = card(&list(&studio, "?state=draft").await, &inbox);
    assert_eq!((&good["source"]["state"], &good["failure"]), (&json!("ready"), &Value::Null));
    assert!(good["artwork"]["poster_url"].as_str().is_some(), "{good}");
}

#[tokio::test]
async fn states_and_pages() {
    let studio = Studio::open().await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(id_of(&studio.create(&draft(&format!("Draft {number}"))).await));
    }
    let public = studio.film(draft("Public")).await;
    assert_eq!(ids(&list(&studio, "?state=published").await), [public.as_str()]);
    studio.withdraw(&public).await;
    assert_eq!(ids(&list(&studio, "?state=withdrawn").await), [public.as_str()]);
    assert_eq!(list(&studio, "?state=scheduled").await["items"], json!([]));
    let (mut seen, mut path): (Vec<String>, _) = (Vec::new(), "?state=draft&limit=2".to_owned());
    loop {
        let page = list(&studio, &path).await;
        seen.extend(ids(&page).iter().map(|id| (*id).to_owned()));
        // One that is made meanwhile neither repeats nor hides others.
        studio.create(&draft("Meanwhile")).await;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("?state=draft&limit=2&cursor={cursor}");
        let stolen = studio.app.get(&format!("/v1/admin/titles?limit=2&cursor={cursor}")).token(&studio.editor);
        stolen.send().await.expect_problem(400, "invalid_cursor");
    }
    made.reverse();
    assert_eq!(seen, made);
    for wrong in ["state=lost", "limit=0", "colour=red"] {
        let refused = studio.app.get(&format!("/v1/admin/titles?{wrong}")).token(&studio.editor).send().await;
        refused.expect_problem(422, "invalid_request");
    }
    studio.app.get("/v1/admin/titles").send().await.expect_problem(401, "token_required");
    studio.app.get("/v1/admin/titles").token(&Token::viewer()).send().await.expect_problem(403, "role_required");
}
