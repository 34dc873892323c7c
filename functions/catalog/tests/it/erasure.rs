//! An editor who is gone: what they did stays, who it was does not.

use events::{Consumer, Deadline, Erasure, Event, Outcome};
use kernel::{AccountId, ErasureId, World};
use proto::types;
use serde_json::json;

use crate::studio::{Studio, draft, id_of};

fn erased(erasure: ErasureId, account: AccountId) -> Event {
    let world = World::system();
    let erasure = Erasure { id: erasure, account, profiles: vec![world.id()] };
    erasure.receipt(&world, types::USER_ACCOUNT_ERASED, 1, world.now())
}

async fn erase(studio: &Studio, event: Event) -> Outcome {
    let consumer = catalog::operations::consumers::erase_account(&studio.service.boot()).unwrap();
    consumer.consume(event, &Deadline::unlimited(World::system())).await
}

async fn actors(studio: &Studio) -> Vec<String> {
    sqlx::query_scalar("select actor from audit order by id").fetch_all(&studio.service.pool()).await.unwrap()
}

#[tokio::test]
async fn the_audit_forgets_who_it_was_and_late_changes_are_nobodys() {
    let studio = Studio::open().await;
    let (account, stranger): (AccountId, _) = (studio.editor.0.sub, testkit::Token::role("editor"));
    let create = studio.app.post("/v1/admin/titles", &draft("A")).token(&studio.editor);
    let title = create.header("idempotency-key", "once").send().await.expect(201);
    studio.app.post("/v1/admin/titles", &draft("B")).token(&stranger).send().await.expect(201);
    assert_eq!(actors(&studio).await, [account.to_string(), stranger.0.sub.to_string()]);

    let erasure: ErasureId = World::system().id();
    let event = erased(erasure, account);
    for _ in 0..2 {
        assert_eq!(erase(&studio, event.clone()).await, Outcome::Done);
    }
    assert_eq!(actors(&studio).await, ["erased".to_owned(), stranger.0.sub.to_string()]);
    let keys: i64 = sqlx::query_scalar("select count(*) from idempotency_keys where scope like $1 || ' %'")
        .bind(account.to_string())
        .fetch_one(&studio.service.pool())
        .await
        .unwrap();
    assert_eq!(keys, 0);
    let receipts = studio.service.events("domain-events", erasure, 2).await;
    assert!(receipts.iter().all(|receipt| receipt.kind == types::CATALOG_ACCOUNT_ERASED));
    assert_eq!((&receipts[0].data, &receipts[0].data["records"]), (&receipts[1].data, &json!("2")));

    // The access token lives for some minutes more.
    studio.patch(&id_of(&title), &json!({"year": 1999})).await.expect(200);
    assert_eq!(actors(&studio).await[2], "erased");
}

#[tokio::test]
async fn an_import_forgets_who_began_it() {
    let setting = r#"[{"provider": "tmdb", "url": "http://127.0.0.1:1/tmdb"}]"#;
    let studio = crate::imports::studio(setting).await;
    let body = json!({"provider": "tmdb", "items": [{"kind": "film", "external_id": "1"}]});
    let begin = || studio.app.post("/v1/admin/import", &body).token(&studio.editor).send();
    let first = begin().await.expect(202);
    assert_eq!(erase(&studio, erased(World::system().id(), studio.editor.0.sub)).await, Outcome::Done);
    let late = begin().await.expect(202);
    let actors: Vec<(String, String)> = sqlx::query_as("select id, actor from imports order by created_at")
        .fetch_all(&studio.service.pool())
        .await
        .unwrap();
    assert_eq!(actors, [(id_of(&first), "erased".to_owned()), (id_of(&late), "erased".to_owned())]);
}

#[tokio::test]
async fn a_change_under_way_is_renamed_too() {
    let studio = Studio::open().await;
    let account = studio.editor.0.sub;
    let title = id_of(&studio.create(&draft("A")).await);
    let changes = (0..6).map(|year| {
        let (studio, title) = (&studio, &title);
        async move { studio.patch(title, &json!({ "year": 1990 + year })).await.expect(200) }
    });
    let event = erased(World::system().id(), account);
    let (outcome, _) = futures::join!(erase(&studio, event), futures::future::join_all(changes));
    assert_eq!(outcome, Outcome::Done);
    assert!(actors(&studio).await.iter().all(|actor| actor == "erased"));
}

#[tokio::test]
async fn what_names_nobody_is_poison_and_a_database_that_is_down_is_not() {
    let studio = Studio::open().await;
    let event = erased(World::system().id(), World::system().id());
    let mut wrong = event.clone();
    wrong.data["erasure_id"] = json!("nothing");
    assert!(matches!(erase(&studio, wrong).await, Outcome::Poison(_)));
    let service = studio.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let studio = Studio { service, ..studio };
    assert!(matches!(erase(&studio, event).await, Outcome::Retry(_)));
}
