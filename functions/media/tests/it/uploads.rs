//! Uploads over HTTP: parts, resuming, joining, and every way to get it wrong.

use events::Outcome;
use kernel::{TitleId, UploadId, World};
use serde_json::{Value, json};
use testkit::{Service, Token};

use crate::studio::{Studio, put_url};

const MIB: usize = 1 << 20;

fn order_for(title: TitleId, size: u64) -> Value {
    json!({ "title_id": title, "filename": "film.mp4", "size": size })
}

async fn order(studio: &Studio, size: u64) -> Value {
    order_for(studio.title().await, size)
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_refused_with_its_place() {
    let studio = Studio::open().await;
    let send = async |order: Value| studio.app.post("/v1/admin/uploads", &order).token(&studio.editor).send().await;
    for (pointer, wrong) in [
        ("/size", json!({ "size": 0 })),
        ("/size", json!({ "size": 5_497_558_138_881u64 })),
        ("/size", json!({ "size": -1 })),
        ("/size", json!({ "size": "9" })),
        ("/filename", json!({ "filename": "" })),
        ("/filename", json!({ "filename": "../film.mp4" })),
        ("/filename", json!({ "filename": "a\u{0}b" })),
        ("/filename", json!({ "filename": "x".repeat(256) })),
        ("/title_id", json!({ "title_id": "acc_01jd3k5m7n9pqrstvwxyz01234" })),
        ("/surplus", json!({ "surplus": 1 })),
    ] {
        let mut body = order_for(World::system().id(), 9);
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let problem = send(body).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let malformed = studio.app.post("/v1/admin/uploads", &json!({})).bytes("{").token(&studio.editor).send().await;
    malformed.expect_problem(400, "malformed_json");
    studio
        .app
        .post("/v1/admin/uploads", &order_for(World::system().id(), 9))
        .send()
        .await
        .expect_problem(401, "token_required");
    studio
        .app
        .post("/v1/admin/uploads", &order_for(World::system().id(), 9))
        .token(&Token::viewer())
        .send()
        .await
        .expect_problem(403, "role_required");
    studio
        .app
        .post("/v1/admin/uploads", &order_for(World::system().id(), 9))
        .bearer(&Token::role("editor").forged())
        .send()
        .await
        .expect_problem(401, "invalid_token");
    for path in ["/v1/admin/uploads/upl_nonsense", &format!("/v1/admin/uploads/{}", World::system().id::<UploadId>())] {
        studio.app.get(path).token(&studio.editor).send().await.expect_problem(404, "not_found");
        studio
            .app
            .post(&format!("{path}/complete"), &json!({}))
            .token(&studio.editor)
            .send()
            .await
            .expect_problem(404, "not_found");
    }
    let unknown = format!("/v1/admin/assets/{}", World::system().id::<kernel::AssetId>());
    studio.app.get(&unknown).token(&studio.editor).send().await.expect_problem(404, "not_found");
    studio.app.get(&unknown).send().await.expect_problem(401, "token_required");
}

#[tokio::test]
async fn an_upload_resumes_where_it_stopped_and_joins_once() {
    let studio = Studio::open().await;
    let bytes: Vec<u8> = (0..8 * MIB + 5).map(|at| at as u8).collect();
    let created = studio
        .app
        .post("/v1/admin/uploads", &order(&studio, bytes.len() as u64).await)
        .token(&studio.editor)
        .send()
        .await
        .expect(201);
    let (id, asset) = (created["upload_id"].as_str().unwrap(), created["asset_id"].as_str().unwrap());
    assert_eq!((created["part_size"].as_u64(), created["parts"].as_array().unwrap().len()), (Some(8 * MIB as u64), 2));
    let path = format!("/v1/admin/uploads/{id}");
    let get = async || studio.app.get(&path).token(&studio.editor).send().await.expect(200);
    let complete = async || studio.app.post(&format!("{path}/complete"), &json!({})).token(&studio.editor).send().await;
    assert_eq!(complete().await.expect_problem(422, "parts_missing")["missing"], json!([1, 2]));

    // The second part arrives cut short: it counts as missing.
    assert_eq!(put_url(created["parts"][1]["url"].as_str().unwrap(), &bytes[8 * MIB..8 * MIB + 3]).await, 200);
    assert_eq!(complete().await.expect_problem(422, "parts_missing")["missing"], json!([1, 2]));
    assert_eq!(put_url(created["parts"][0]["url"].as_str().unwrap(), &bytes[..8 * MIB]).await, 200);
    let resumed = get().await;
    assert_eq!((&resumed["parts"][0]["number"], resumed["received"].as_u64()), (&json!(2), Some(8 * MIB as u64)));
    assert_eq!(put_url(resumed["parts"][0]["url"].as_str().unwrap(), &bytes[8 * MIB..]).await, 200);
    assert_eq!(get().await["parts"], json!([]));

    let first = complete().await.expect(200);
    assert_eq!(first, complete().await.expect(200), "a lost answer can be asked for again");
    assert_eq!(first["asset_id"], asset);
    assert_eq!(get().await["is_complete"], true);
    let stored = studio.uploads.get(&format!("sources/{id}/film.mp4")).await.unwrap();
    assert!(stored.as_deref() == Some(&bytes[..]), "the joined object has the file's bytes");
    studio.expect_state(asset, "uploading").await;
}

/// Not of the bytes: LocalStack mixes them up when it joins parts twice at the same time ("seek of closed file").
#[tokio::test]
async fn two_callers_complete_an_upload_at_once_and_get_one_answer() {
    let studio = Studio::open().await;
    let created =
        studio.app.post("/v1/admin/uploads", &order(&studio, 5).await).token(&studio.editor).send().await.expect(201);
    assert_eq!(put_url(created["parts"][0]["url"].as_str().unwrap(), b"bytes").await, 200);
    let path = format!("/v1/admin/uploads/{}/complete", created["upload_id"].as_str().unwrap());
    let complete = async || studio.app.post(&path, &json!({})).token(&studio.editor).send().await.expect(200);
    let (first, second) = tokio::join!(complete(), complete());
    assert_eq!((&first, &first["asset_id"]), (&second, &created["asset_id"]));
}

#[tokio::test]
async fn an_upload_whose_parts_are_gone_says_so() {
    let studio = Studio::open().await;
    let created =
        studio.app.post("/v1/admin/uploads", &order(&studio, 9).await).token(&studio.editor).send().await.expect(201);
    let path = format!("/v1/admin/uploads/{}", created["upload_id"].as_str().unwrap());
    let listed = studio.uploads.client.list_multipart_uploads().bucket(&studio.uploads.name).send().await.unwrap();
    let open = &listed.uploads()[0];
    let abort = studio.uploads.client.abort_multipart_upload().bucket(&studio.uploads.name).key(open.key().unwrap());
    abort.upload_id(open.upload_id().unwrap()).send().await.unwrap();
    studio.app.get(&path).token(&studio.editor).send().await.expect_problem(410, "upload_expired");
    let complete = studio.app.post(&format!("{path}/complete"), &json!({})).token(&studio.editor).send().await;
    complete.expect_problem(410, "upload_expired");
    let asset = created["asset_id"].as_str().unwrap();
    studio.tick(26 * 3600).await;
    assert_eq!(studio.expect_state(asset, "failed").await["error"]["code"], "upload_abandoned");
}

#[tokio::test]
async fn an_idempotency_key_opens_one_upload() {
    let studio = Studio::open().await;
    let body = order(&studio, 9).await;
    let send = |editor: &Token, body: &Value| {
        studio.app.post("/v1/admin/uploads", body).header("idempotency-key", "key-1").token(editor).send()
    };
    let answers = futures::future::join_all((0..5).map(|_| send(&studio.editor, &body))).await;
    let mut ids = std::collections::BTreeSet::new();
    for answer in answers {
        match answer.status.as_u16() {
            409 => drop(answer.expect_problem(409, "request_in_flight")),
            _ => drop(ids.insert(answer.expect(201)["upload_id"].to_string())),
        }
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    let again = send(&studio.editor, &body).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert!(ids.contains(&again.expect(201)["upload_id"].to_string()));
    let url = again.json()["parts"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(put_url(&url, b"123456789").await, 200, "the replayed URL works");
    send(&studio.editor, &order_for(World::system().id(), 10)).await.expect_problem(422, "idempotency_key_reused");
    let other = send(&Token::role("editor"), &body).await.expect(201);
    assert!(!ids.contains(&other["upload_id"].to_string()), "another editor's key is another key");
    let listed = studio.uploads.client.list_multipart_uploads().bucket(&studio.uploads.name).send().await.unwrap();
    assert_eq!(listed.uploads().len(), 2, "the losers' uploads are closed again");
}

#[tokio::test]
async fn engines_that_are_down_are_a_503() {
    let service = Service::start("media").await.with("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let app = service.app(media::operations::routes);
    let editor = Token::role("editor");
    let keyed = app
        .post("/v1/admin/uploads", &order_for(World::system().id(), 9))
        .header("idempotency-key", "k")
        .token(&editor)
        .send()
        .await;
    keyed.expect_problem(503, "temporarily_unavailable");
    let asset = format!("/v1/admin/assets/{}", World::system().id::<kernel::AssetId>());
    app.get(&asset).token(&editor).send().await.expect_problem(503, "temporarily_unavailable");
}

#[tokio::test]
async fn an_upload_that_is_not_wanted_is_aborted() {
    let studio = Studio::open().await;
    let create = async || {
        let order = order(&studio, 5).await;
        studio.app.post("/v1/admin/uploads", &order).token(&studio.editor).send().await.expect(201)
    };
    let abort = async |id: &str, editor: &Token| {
        studio.app.delete(&format!("/v1/admin/uploads/{id}")).token(editor).send().await
    };
    let id_of = |created: &Value| created["upload_id"].as_str().unwrap().to_owned();
    let created = create().await;
    let (id, asset) = (id_of(&created), created["asset_id"].as_str().unwrap());
    assert_eq!(put_url(created["parts"][0]["url"].as_str().unwrap(), b"bytes").await, 200);
    abort(&id, &Token::role("editor")).await.expect_problem(404, "not_found");
    abort(&id, &Token::viewer()).await.expect_problem(403, "role_required");
    let unknown = World::system().id::<UploadId>().to_string();
    abort(&unknown, &studio.editor).await.expect_problem(404, "not_found");
    for _ in 0..2 {
        assert_eq!(abort(&id, &studio.editor).await.status, 204);
    }
    let listed = studio.uploads.client.list_multipart_uploads().bucket(&studio.uploads.name).send().await.unwrap();
    assert!(listed.uploads().is_empty(), "its parts are gone");
    let path = format!("/v1/admin/uploads/{id}");
    studio.app.get(&path).token(&studio.editor).send().await.expect_problem(410, "upload_aborted");
    let complete = studio.app.post(&format!("{path}/complete"), &json!({})).token(&studio.editor).send().await;
    complete.expect_problem(410, "upload_aborted");
    studio
        .app
        .get(&format!("/v1/admin/assets/{asset}"))
        .token(&studio.editor)
        .send()
        .await
        .expect_problem(404, "not_found");
    // What S3 tells of it later begins nothing.
    let object = studio.put(&format!("sources/{id}/film.mp4"), b"bytes").await;
    assert_eq!(studio.notify(&object).await, Outcome::Done);
    assert_eq!(studio.take().await, []);

    let created = create().await;
    let id = id_of(&created);
    assert_eq!(put_url(created["parts"][0]["url"].as_str().unwrap(), b"bytes").await, 200);
    let complete = format!("/v1/admin/uploads/{id}/complete");
    studio.app.post(&complete, &json!({})).token(&studio.editor).send().await.expect(200);
    abort(&id, &studio.editor).await.expect_problem(409, "upload_completed");
    studio.expect_state(created["asset_id"].as_str().unwrap(), "uploading").await;
}

#[tokio::test]
async fn a_key_of_an_aborted_upload_opens_no_other() {
    let studio = Studio::open().await;
    let order = order(&studio, 5).await;
    let create = async || {
        let call = studio.app.post("/v1/admin/uploads", &order).header("idempotency-key", "k");
        call.token(&studio.editor).send().await
    };
    let created = create().await.expect(201);
    let path = format!("/v1/admin/uploads/{}", created["upload_id"].as_str().unwrap());
    assert_eq!(studio.app.delete(&path).token(&studio.editor).send().await.status, 204);
    create().await.expect_problem(410, "upload_aborted");
}
