use kernel::{AssetId, World};
use serde_json::json;

use crate::studio::{Studio, draft, id_of, ready};

/// Whoever knows the address sees the picture: it is told only to those who may see the title.
#[tokio::test]
async fn a_poster_is_told_to_editors_then_to_viewers_and_after_that_to_nobody() {
    let studio = Studio::open().await;
    let id = id_of(&studio.create(&draft("Poster")).await);
    assert_eq!(studio.patch(&id, &json!({})).await.expect(200)["artwork"], json!({}), "there is no film yet");
    let asset: AssetId = World::system().id();
    studio.deliver(vec![ready(&id, asset, 1)]).await;
    let poster = json!({ "poster_url": format!("http://localhost:8080/media/{asset}/poster/0a1b.jpg") });
    assert_eq!(studio.patch(&id, &json!({})).await.expect(200)["artwork"], poster);

    let (page, list) = (format!("/v1/titles/{id}"), "/v1/titles?limit=100");
    let public = async |path: &str| studio.app.get(path).send().await;
    assert_eq!(public(&page).await.status, 404);
    for path in [&page, list] {
        assert!(!public(path).await.text().contains("/media/"), "{path}");
    }
    assert_eq!(studio.publish(&id, &json!({"rating": 12})).await.expect(200)["artwork"], poster);
    assert_eq!(public(&page).await.expect(200)["artwork"], poster);
    assert_eq!(public(list).await.expect(200)["items"][0]["poster_url"], poster["poster_url"]);

    studio.withdraw(&id).await.expect(200);
    assert_eq!(public(&page).await.status, 410);
    for path in [&page, list] {
        assert!(!public(path).await.text().contains("/media/"), "{path}");
    }
    assert_eq!(studio.patch(&id, &json!({})).await.expect(200)["artwork"], poster, "its editors still see it");
}
