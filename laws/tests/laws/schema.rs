//! `functions/functions.schema.json` and the reader agree: on every file of the repository and on mistakes.

use laws::root;
use serde_json::Value;
use std::fs;

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string(root().join("functions/functions.schema.json")).unwrap();
    jsonschema::draft202012::new(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_norway::from_str(text).unwrap()
}

#[test]
fn every_file_keeps_the_schema() {
    let schema = schema();
    let mut broken = Vec::new();
    for entry in fs::read_dir(root().join("functions")).unwrap() {
        let file = entry.unwrap().path().join("functions.yaml");
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for error in schema.iter_errors(&yaml(&text)) {
            broken.push(format!("{} {}: {error}", file.display(), error.instance_path()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What the reader makes of one entry named `media-x`.
fn read(entry: &str) -> Result<(), String> {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("functions/media")).unwrap();
    let resources = "{buckets: {media: {}}, queues: {jobs: {}}, streams: {views: {}}, tables: {assets: {hash: pk, stream: true}}, secrets: {key: {}}}";
    fs::write(root.path().join("functions/resources.yaml"), resources).unwrap();
    fs::write(root.path().join("functions/media/functions.yaml"), document(entry)).unwrap();
    manifest::Manifest::load(root.path()).map(drop).map_err(|error| error.to_string())
}

fn document(entry: &str) -> String {
    format!("service: media\nfunctions:\n  media-x: {{{entry}}}\n")
}

#[test]
fn schema_and_reader_give_the_same_verdict() {
    let good = [
        "http: 'GET /v1/x/{id}', access: public",
        "http: ['GET /v1/x', 'POST /v1/x'], access: 'role:admin', memory: 512, timeout: 29",
        "http: 'DELETE /v1/x', access: account, proof: 10m+otp",
        "http: 'PUT /v1/x', access: 'role:admin', proof: 1h",
        "events: cinema.catalog.title_changed.v1",
        "events: [cinema.catalog.title_changed.v1], uses: [postgres, 's3:media:read', 'layer:ffmpeg']",
        "schedule: [rate(1 minute), 'cron(0 3 * * ? *)'], access: internal",
        "s3: {bucket: media}, settings: [FIRST_ADMIN_EMAIL]",
        "sqs: {queue: jobs, batch: 10}, concurrency: 4, ephemeral_mib: 2048",
        "kinesis: {stream: views, batch: 500, window: 1}",
        "dynamodb: [{table: assets}]",
    ];
    let bad = [
        "memory: 256",
        "http: 'GET /v1/x'",
        "http: 'GET /v1/{x}.json', access: public",
        "http: [], access: public",
        "http: 'GET /v1/x', access: owner",
        "http: 'GET /v1/x', access: account, proof: 10s",
        "http: 'GET /v1/x', access: account, proof: 10000m",
        "http: 'GET /v1/x', access: public, proof: 10m",
        "http: 'GET /v1/x', access: url-token, proof: 10m",
        "schedule: rate(1 day), proof: 10m",
        "events: title_changed",
        "schedule: every minute",
        "s3: {prefix: x}",
        "sqs: {queue: jobs, batch: 11}",
        "sqs: {queue: jobs, size: 1}",
        "kinesis: {stream: views, batch: 0}",
        "schedule: rate(1 day), memory: 64",
        "schedule: rate(1 day), timeout: 901",
        "schedule: rate(1 day), uses: [mysql]",
        "schedule: rate(1 day), uses: ['s3:media']",
        "schedule: rate(1 day), settings: [lower]",
        "schedule: rate(1 day), concurrency: 0",
        "schedule: rate(1 day), ephemeral_mib: 10",
        "schedule: rate(1 day), speed: 9",
    ];
    let schema = schema();
    for entry in good {
        read(entry).unwrap();
        assert!(schema.is_valid(&yaml(&document(entry))), "the schema refuses {entry}");
    }
    for entry in bad {
        assert!(read(entry).is_err(), "the reader accepts {entry}");
        assert!(!schema.is_valid(&yaml(&document(entry))), "the schema accepts {entry}");
    }
}
