//! What others hear of assets, from the table's own changes.

use events::Deadline;
use kernel::World;
use proto::types;
use runtime::answer_dynamodb;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::studio::{Studio, film};

fn batch(records: &[(Value, Value)]) -> Value {
    let record = |(old, new): &(Value, Value)| {
        let mut change =
            json!({ "SequenceNumber": "1", "Keys": {}, "StreamViewType": "NEW_AND_OLD_IMAGES", "SizeBytes": 1 });
        for (name, image) in [("OldImage", old), ("NewImage", new)] {
            if !image.is_null() {
                change[name] = image.clone();
            }
        }
        json!({ "eventID": "1", "eventName": "MODIFY", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1", "dynamodb": change })
    };
    json!({ "Records": records.iter().map(record).collect::<Vec<_>>() })
}

pub async fn relay(studio: &Studio, records: &[(Value, Value)]) -> Value {
    let consumer = media::operations::consumers::relay_assets(&studio.service.boot()).unwrap();
    let event = serde_json::from_value(batch(records)).unwrap();
    let answer = answer_dynamodb(&consumer, event, &Deadline::unlimited(World::system())).await;
    serde_json::to_value(answer).unwrap()
}

#[tokio::test]
async fn dropped_ready_and_failed_are_told_once_per_change() {
    let studio = Studio::open().await;
    let id = studio.drop_file("The Film.mp4", film()).await;
    let dropped = studio.image(&id, "asset").await;
    let probe = studio.image(&id, "job#probe").await;
    studio.work().await;
    let ready = studio.image(&id, "asset").await;
    let other = studio.drop_file("empty.mp4", b"").await;
    let before = studio.image(&other, "asset").await;
    studio.work().await;
    let failed = studio.image(&other, "asset").await;

    let null = Value::Null;
    let changes = [
        (null.clone(), dropped.clone()),
        (null.clone(), probe.clone()),
        (dropped.clone(), ready.clone()),
        (ready.clone(), ready.clone()),
        (before.clone(), failed.clone()),
        (failed.clone(), null.clone()),
    ];
    let all_good = json!({ "batchItemFailures": [] });
    assert_eq!(relay(&studio, &changes).await, all_good);
    assert_eq!(relay(&studio, &changes).await, all_good, "the stream may deliver a batch twice");

    let told = studio.service.events("domain-events", &id, 4).await;
    let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, [types::SOURCE_DROPPED, types::ASSET_READY, types::SOURCE_DROPPED, types::ASSET_READY]);
    assert_eq!((&told[0], &told[1]), (&told[2], &told[3]), "a copy is a copy, its id included");
    assert!(told[0].sequence < told[1].sequence);
    assert_eq!(told[0].data["filename"], "The Film.mp4");
    let data: proto::media::AssetReady = told[1].data().unwrap();
    assert_eq!((data.asset_id.as_str(), data.protection.as_str()), (id.as_str(), "none"));
    assert_eq!(data.filename, "The Film.mp4");
    assert_eq!(data.title_id, told[0].data["title_id"].as_str().unwrap());
    assert!((data.duration_seconds - 12.52).abs() < 0.05 && !data.renditions.is_empty());
    for key in [&data.poster, &data.trickplay] {
        assert!(studio.films.head(key).await.unwrap().is_some(), "{key}");
    }
    let picture = studio.films.get(&data.poster).await.unwrap().unwrap();
    let digest = hex::encode(Sha256::digest(picture));
    assert_eq!(
        data.poster,
        format!("{id}/poster/{digest}.jpg"),
        "nothing that is known of a draft leads to its poster"
    );
    let told = studio.service.events("domain-events", &other, 2).await;
    assert_eq!((told[0].kind.as_str(), told[0].data["code"].as_str()), (types::ASSET_FAILED, Some("empty")));
    assert_eq!(told[0].data["filename"], "empty.mp4");
}

#[tokio::test]
async fn a_change_that_cannot_be_told_comes_again() {
    let studio = Studio::open().await;
    let id = studio.drop_file("film.mp4", b"x").await;
    let dropped = studio.image(&id, "asset").await;
    let boot = runtime::Boot::new(studio.service.vars().clone().set("AWS_ENDPOINT_URL", "http://127.0.0.1:1"));
    let consumer = media::operations::consumers::relay_assets(&boot).unwrap();
    let event = serde_json::from_value(batch(&[(Value::Null, dropped)])).unwrap();
    let answer = answer_dynamodb(&consumer, event, &Deadline::unlimited(World::system())).await;
    assert_eq!(serde_json::to_value(answer).unwrap(), json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] }));
}
