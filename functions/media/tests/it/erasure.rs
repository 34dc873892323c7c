//! An editor who is gone: their uploads no longer say whose they are.

use events::{Consumer, Deadline, Erasure, Event, Outcome};
use kernel::{ErasureId, TitleId, World};
use proto::types;
use serde_json::{Value, json};
use stores::{Table, aws_sdk_dynamodb::types::AttributeValue};
use testkit::{App, Service, Token};

use crate::studio::title_changed;

fn erased(erasure: ErasureId, editor: &Token) -> Event {
    let world = World::system();
    let erasure = Erasure { id: erasure, account: editor.0.sub, profiles: vec![] };
    erasure.receipt(&world, types::USER_ACCOUNT_ERASED, 1, world.now())
}

async fn erase(service: &Service, event: Event) -> Outcome {
    let consumer = media::operations::consumers::erase_account(&service.boot()).unwrap();
    consumer.consume(event, &Deadline::unlimited(World::system())).await
}

/// Of a title of which the catalogue has told.
async fn order(service: &Service) -> Value {
    let title: TitleId = World::system().id();
    let consumer = media::operations::consumers::project_titles(&service.boot()).unwrap();
    let heard = consumer.consume(title_changed(title, 1, false), &Deadline::unlimited(World::system())).await;
    assert_eq!(heard, Outcome::Done);
    json!({ "title_id": title, "filename": "film.mp4", "size": 9 })
}

async fn upload(service: &Service, app: &App, editor: &Token) -> Value {
    let order = order(service).await;
    let call = app.post("/v1/admin/uploads", &order).token(editor);
    call.header("idempotency-key", "a-key").send().await.expect(201)
}

async fn traces(service: &Service, needle: &str) -> usize {
    let table = Table::new(service.aws(), service.var("TABLE_ASSETS"));
    let items = table.client.scan().table_name(&table.name).into_paginator().items().send();
    let items: Result<Vec<std::collections::HashMap<String, AttributeValue>>, _> = items.collect().await;
    items.unwrap().into_iter().filter(|item| format!("{item:?}").contains(needle)).count()
}

#[tokio::test]
async fn uploads_stay_and_forget_who_began_them() {
    let service = Service::start("media").await;
    let app = service.app(media::operations::routes);
    let (editor, other) = (Token::role("editor"), Token::role("editor"));
    let made = upload(&service, &app, &editor).await;
    upload(&service, &app, &other).await;
    assert_eq!(traces(&service, &editor.0.sub.to_string()).await, 1);

    let erasure: ErasureId = World::system().id();
    let event = erased(erasure, &editor);
    for _ in 0..2 {
        assert_eq!(erase(&service, event.clone()).await, Outcome::Done);
    }
    assert_eq!(traces(&service, &editor.0.sub.to_string()).await, 0);
    assert_eq!(traces(&service, &other.0.sub.to_string()).await, 1);
    let path = format!("/v1/admin/uploads/{}", made["upload_id"].as_str().unwrap());
    app.get(&path).token(&other).send().await.expect(200);
    let receipts = service.events("domain-events", erasure, 2).await;
    assert!(receipts.iter().all(|receipt| receipt.kind == types::MEDIA_ACCOUNT_ERASED));
    assert_eq!((&receipts[0].data["records"], &receipts[1].data["records"]), (&json!("1"), &json!("1")));

    // The access token lives for some minutes more.
    let order = order(&service).await;
    app.post("/v1/admin/uploads", &order).token(&editor).send().await.expect(201);
    assert_eq!(traces(&service, &editor.0.sub.to_string()).await, 0);
}

#[tokio::test]
async fn what_names_nobody_is_poison_and_a_table_that_is_down_is_not() {
    let service = Service::start("media").await;
    let event = erased(World::system().id(), &Token::role("editor"));
    let mut wrong = event.clone();
    wrong.data["account_id"] = json!("nobody");
    assert!(matches!(erase(&service, wrong).await, Outcome::Poison(_)));
    for name in ["TABLE_ASSETS", "STREAM_DOMAIN_EVENTS"] {
        let boot = runtime::Boot::new(service.vars().clone().set(name, "there-is-none"));
        let consumer = media::operations::consumers::erase_account(&boot).unwrap();
        let outcome = consumer.consume(event.clone(), &Deadline::unlimited(World::system())).await;
        assert!(matches!(outcome, Outcome::Retry(_)), "{name}: {outcome:?}");
    }
}
