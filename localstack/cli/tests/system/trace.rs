//! One request can be followed through every hop: from the upload to the search index under one trace id.

use std::{collections::BTreeSet, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    logs::lines,
    pipeline::{draft, film},
    signed_in,
};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// Whoever writes a line about the film on its way, in the order of the way.
const HOPS: [&str; 9] = [
    "media-create-upload",
    "media-complete-upload",
    "media-probe",
    "media-encode-chunk",
    "media-encode-audio",
    "media-package",
    "media-verify",
    "catalog-attach-asset",
    "search-index-title",
];

#[tokio::test]
async fn a_film_is_followed_from_its_upload_to_the_index_by_one_trace_id() {
    let since = kernel::World::system().now().unix_timestamp() * 1000 - 1000;
    let editor = signed_in("editor").await;
    let id = draft(&editor, "Followed by a trace").await;
    let source = film("traced.mp4", 3, "320x180").await;
    let bytes = std::fs::read(&source).unwrap();
    let traced = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let order = json!({ "title_id": id, "filename": "traced.mp4", "size": bytes.len() });
    let upload = cli::open_upload(&editor, &order, &traced).await.unwrap();
    let part_size = usize::try_from(upload["part_size"].as_u64().unwrap()).unwrap();
    for (part, bytes) in upload["parts"].as_array().unwrap().iter().zip(bytes.chunks(part_size)) {
        let put = editor.http().put(part["url"].as_str().unwrap()).body(bytes.to_vec()).send().await.unwrap();
        assert!(put.status().is_success(), "{}", put.status());
    }
    let complete = format!("/v1/admin/uploads/{}/complete", upload["upload_id"].as_str().unwrap());
    let (status, answer) = editor.raw(Method::POST, &complete, Some(&json!({})), &traced).await.unwrap();
    assert!(status < 300, "{answer}");

    let mut seen: BTreeSet<String> = BTreeSet::new();
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let found = lines(since).await;
        seen = found.iter().filter(|(_, line)| line.contains(TRACE_ID)).map(|(function, _)| function.clone()).collect();
        if HOPS.iter().all(|hop| seen.contains(*hop)) {
            // What a consumer of events writes names the event.
            let attached =
                found.iter().find(|(function, line)| function == "catalog-attach-asset" && line.contains(TRACE_ID));
            let line: Value = serde_json::from_str(&attached.unwrap().1).unwrap();
            let span = &line["span"];
            assert_eq!(span["event_type"], "cinema.media.asset_ready.v1", "{line}");
            assert!(span["event_id"].as_str().is_some_and(|id| id.starts_with("evt_")), "{line}");
            assert_eq!(span["subject"], upload["asset_id"], "{line}");
            return;
        }
    }
    let missing: Vec<_> = HOPS.iter().filter(|hop| !seen.contains(**hop)).collect();
    panic!("{missing:?} say nothing of the trace; {seen:?} do");
}
