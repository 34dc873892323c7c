use events::{Consumer, Deadline, Event, Outcome};
use kernel::{Id, TitleId, World};
use platform::routes::queues_for;
use runtime::KinesisRecord;
use testkit::Service;

fn title_changed(world: &World) -> Event {
    let title: TitleId = world.id();
    let state = proto::catalog::TitleChanged { title_id: title.to_string(), kind: "film".into(), ..Default::default() };
    Event::new(world, proto::types::TITLE_CHANGED, title, 1, &state)
}

fn record(data: impl Into<Vec<u8>>) -> KinesisRecord {
    KinesisRecord { sequence_number: "1".into(), data: data.into() }
}

/// Queues under their real names, as the deployer makes them.
pub(crate) async fn make_queues(service: &Service) -> aws_sdk_sqs::Client {
    let client = aws_sdk_sqs::Client::new(service.aws().config());
    for name in platform::routes::all_queues() {
        let _ = client.create_queue().queue_name(name).send().await;
    }
    client
}

#[test]
fn every_consumer_of_the_manifests_is_in_the_table_and_nothing_else() {
    let plan = manifest::Plan::of(&manifest::Manifest::load(&testkit::root()).unwrap());
    let table: std::collections::BTreeMap<String, Vec<String>> = platform::routes::ROUTES
        .iter()
        .map(|(kind, queues)| ((*kind).to_owned(), queues.iter().map(|name| (*name).to_owned()).collect()))
        .collect();
    assert_eq!(table, plan.events);
    for kind in table.keys() {
        assert!(proto::types::ALL.contains(&kind.as_str()), "{kind} is not in the contract");
    }
    assert!(queues_for("cinema.nobody.nothing_happened.v1").is_empty());
}

#[tokio::test]
async fn an_event_reaches_the_queue_of_each_consumer_unchanged() {
    let service = Service::start("platform").await;
    let client = make_queues(&service).await;
    let event = title_changed(&World::system());
    let boot = service.boot();
    let router = platform::operations::consumers::route_events(&boot).unwrap();
    let outcomes = router.consume_all(vec![record(event.json())], &Deadline::unlimited(World::system())).await;
    assert_eq!(outcomes, [Outcome::Done]);
    for name in queues_for(&event.kind) {
        let url = client.get_queue_url().queue_name(*name).send().await.unwrap().queue_url.unwrap();
        assert!(received(&client, &url, &event.json()).await, "{name} did not get the event");
    }
}

/// Whether the queue delivers `body` among what other tests may have left there.
async fn received(client: &aws_sdk_sqs::Client, url: &str, body: &str) -> bool {
    for _ in 0..20 {
        let batch =
            client.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(1).send().await;
        for message in batch.unwrap().messages() {
            if message.body() == Some(body) {
                return true;
            }
        }
    }
    false
}

#[tokio::test]
async fn what_is_no_event_is_poison_and_is_kept_with_its_reason() {
    let service = Service::start("platform").await;
    make_queues(&service).await;
    let boot = service.boot();
    let router = platform::operations::consumers::route_events(&boot).unwrap();
    let good = title_changed(&World::system());
    let records = vec![record("not json"), record(good.json())];
    let outcomes = router.consume_all(records, &Deadline::unlimited(World::system())).await;
    assert!(matches!(outcomes[..], [Outcome::Poison(_), Outcome::Done]), "{outcomes:?}");

    router.dead_letters().unwrap().put(b"not json".to_vec(), "because").await.unwrap();
    let bucket = service.var("BUCKET_EVENTS_DEAD");
    let client = stores::Bucket::new(service.aws(), bucket.clone()).client;
    let listed = client.list_objects_v2().bucket(&bucket).prefix("domain-events/").send().await.unwrap();
    let key = listed.contents()[0].key().unwrap().to_owned();
    let object = client.get_object().bucket(&bucket).key(key).send().await.unwrap();
    assert_eq!(object.metadata().and_then(|metadata| metadata.get("reason")).map(String::as_str), Some("because"));
}

#[tokio::test]
async fn an_unreachable_queue_engine_makes_the_batch_come_again() {
    let service = Service::start("platform").await.with("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let boot = service.boot();
    let router = platform::operations::consumers::route_events(&boot).unwrap();
    let event = title_changed(&World::system());
    if queues_for(&event.kind).is_empty() {
        return;
    }
    let outcomes = router.consume_all(vec![record(event.json())], &Deadline::unlimited(World::system())).await;
    assert!(matches!(outcomes[..], [Outcome::Retry(_)]), "{outcomes:?}");
    assert_eq!(TitleId::PREFIX, "ttl");
}
