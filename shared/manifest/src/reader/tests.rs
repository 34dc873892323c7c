use std::fs;
use std::path::Path;

use super::*;
use crate::access::{Access, Role};
use crate::uses::Use;

const RESOURCES: &str = "
buckets: {uploads: {versioned: true, cors: true, abort_multipart_days: 1}, media: {}}
queues: {media-chunks: {}, email: {max_receives: 3}}
streams: {domain-events: {shards: 1}, playback-events: {}}
tables:
  assets: {hash: pk, range: sk, stream: true, ttl: expires_at, indexes: {due: {hash: due_shard, range: due_at}}}
  plain: {hash: pk}
secrets: {signing-keys: {}, pepper: {generate: random-32}, url-signing-key: {generate: ec-p256}}
";

const MEDIA: &str = "
service: media
functions:
  media-get-asset:
    http: GET /v1/admin/assets/{id}
    access: role:editor
    uses: [dynamodb:assets:read]
  media-encode-chunk:
    sqs: {queue: media-chunks, batch: 1}
    memory: 3008
    timeout: 600
    ephemeral_mib: 2048
    uses: [s3:media:write, layer:ffmpeg]
  media-start-ingest:
    s3: [{bucket: uploads, prefix: sources/}, {bucket: uploads, prefix: inbox/}]
  media-relay-assets:
    dynamodb: {table: assets}
    uses: [kinesis:domain-events]
  media-project-titles:
    events: [cinema.catalog.title_changed.v1, cinema.catalog.title_removed.v1]
    timeout: 20
    settings: [FIRST_ADMIN_EMAIL]
";

fn load(resources: &str, media: &str) -> Result<Manifest, ManifestError> {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("functions/media")).unwrap();
    fs::write(root.path().join("functions/resources.yaml"), resources).unwrap();
    fs::write(root.path().join("functions/media/functions.yaml"), media).unwrap();
    Manifest::load(root.path())
}

#[test]
fn a_manifest_is_read_whole() {
    let manifest = load(RESOURCES, MEDIA).unwrap();
    let get = manifest.function("media-get-asset").unwrap();
    assert_eq!((get.memory, get.timeout, get.line), (256, 10, 4));
    assert_eq!(get.access, Some(Access::Role(Role::Editor)));
    assert_eq!(get.operation(), "get_asset");
    assert_eq!(manifest.function("media-start-ingest").unwrap().triggers.len(), 2);
    assert!(manifest.function("media-encode-chunk").unwrap().uses.contains(&Use::Layer("ffmpeg".into())));
    assert_eq!(manifest.service("media").count(), 5);
    assert_eq!(manifest.services(), ["media"]);
}

#[test]
fn loose_ends_are_named() {
    let loose = load(RESOURCES, MEDIA).unwrap().loose_ends();
    assert!(loose.contains(&"queue `email` has no consumer".to_owned()), "{loose:?}");
    assert!(!loose.iter().any(|text| text.contains("media-chunks")), "{loose:?}");
}

/// A file that differs from `MEDIA` in one place, the line that the error must name and a part of its reason.
#[track_caller]
fn refused(from: &str, to: &str, line: usize, reason: &str) {
    assert!(MEDIA.contains(from), "{from}");
    let error = load(RESOURCES, &MEDIA.replacen(from, to, 1)).unwrap_err().to_string();
    let place = format!("functions/media/functions.yaml:{line}: ");
    assert!(error.starts_with(&place), "{error} should begin with {place}");
    assert!(error.contains(reason), "{error} should contain {reason}");
}

#[test]
fn mistakes_are_found_with_their_place() {
    refused("GET /v1/admin/assets/{id}", "GET /v1/admin/assets/{id}.json", 5, "whole {variable}");
    refused("role:editor", "role:owner", 6, "role:owner");
    refused("dynamodb:assets:read", "dynamodb:assets", 7, "dynamodb:assets");
    refused("dynamodb:assets:read", "dynamodb:accounts:read", 4, "table `accounts` is not in");
    refused("    memory: 3008", "    ram: 3008", 10, "unknown field `ram`");
    refused("memory: 3008", "memory: 64", 8, "128 to 10240");
    refused("prefix: inbox/", "prefix: sources/new/", 14, "overlaps");
    refused("table: assets", "table: plain", 16, "has no stream");
    refused("media-relay-assets", "media-get-asset", 4, "listed twice");
    refused("media-get-asset:", "asset-get:", 4, "does not begin with the service");
    refused("cinema.catalog.title_removed.v1", "title_removed", 20, "expected cinema.");
    refused("access: role:editor", "timeout: 3", 4, "needs `access`");
    refused("role:editor", "internal", 4, "cannot be internal");
    refused("access: role:editor", "access: public\n    proof: 10m", 4, "`proof` needs access");
    refused("access: role:editor", "access: account\n    proof: ten", 7, "proof `ten`");
    refused(
        "    timeout: 20",
        "    http: POST /v1/admin/assets/{asset_id}/retry\n    access: public",
        19,
        "called {id} by",
    );
    refused("    timeout: 20", "    http: GET /v1/admin/assets/{id}\n    access: public", 19, "also a route of");
    refused("    dynamodb: {table: assets}", "    sqs: {queue: media-chunks}", 16, "already has the consumer");
    refused("service: media", "service: catalog", 4, "name of the folder");
}

#[test]
fn mistakes_in_resources_are_found() {
    let error = load(&RESOURCES.replace("random-32", "random"), MEDIA).unwrap_err().to_string();
    assert!(error.starts_with("functions/resources.yaml:8: "), "{error}");
    let error = load(&RESOURCES.replace("hash: pk}", "range: pk}"), MEDIA).unwrap_err().to_string();
    assert!(error.contains("hash"), "{error}");
}

#[test]
fn the_repository_is_consistent() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if let Err(error) = Manifest::load(&root) {
        panic!("{error}");
    }
}
