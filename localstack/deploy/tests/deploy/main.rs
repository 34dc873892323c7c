//! Deploys a small plan to the emulator: every kind of trigger starts its function, a second time nothing changes,
//! and what the plan forgets is deleted.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::time::{Duration, Instant};

use deploy::{Deployed, Settings, Target, deploy};
use engines::{Endpoints, aws::REGION, progress::Progress};
use serde_json::Value;

mod support;
use support::{Http, engine};

const RESOURCES: &str = "
buckets: {NAME-uploads: {versioned: true, cors: true, abort_multipart_days: 1}, NAME-web: {expire_days: 3}}
queues: {jobs: {max_receives: 2}}
streams: {views: {}}
tables:
  assets: {hash: pk, range: sk, stream: true, ttl: expires_at, indexes: {due: {hash: due_shard, range: due_at}}}
secrets: {signing-keys: {}, pepper: {generate: random-32}, keys: {members: {sandbox: random-32}}, url-key: {generate: ec-p256}}
gateway:
  binary_media_types: ['*/*']
  errors: {MISSING_AUTHENTICATION_TOKEN: {status: 404, code: not_found, title: Not found}}
  wrong_method: {document: {status: 405, code: method_not_allowed, title: Wrong}, media_types: [application/json]}
";

const FUNCTIONS: &str = "
service: demo
functions:
  demo-get-item:
    http: GET /v1/items/{id}
    access: public
    uses: [s3:NAME-uploads:read, sqs:jobs, sqs:demo-consume, kinesis:views, dynamodb:assets:read, secret:pepper:read, layer:tools]
    settings: [FIRST_ADMIN_EMAIL]
  demo-put-item:
    http: ['PUT /v1/items/{id}', 'POST /v1/items']
    access: account
  demo-consume:
    events: cinema.catalog.title_changed.v1
  demo-work:
    sqs: {queue: jobs}
    timeout: 20
  demo-view:
    kinesis: {stream: views, batch: 10, window: 0}
  demo-relay:
    dynamodb: {table: assets}
  demo-upload:
    s3: [{bucket: NAME-uploads, prefix: sources/}, {bucket: NAME-uploads, prefix: inbox/}]
  demo-tick:
    schedule: [rate(1 minute), cron(0 3 * * ? *)]
";

struct Platform {
    target: Target,
    _root: tempfile::TempDir,
}

impl Platform {
    /// An account, an API and bucket names of its own: the emulator may be shared with a whole platform.
    fn new() -> Platform {
        let root = tempfile::tempdir().unwrap();
        let id = std::process::id() as u64 * 7919 % 1_000_000;
        let aws = engine("CINEMA_TEST_AWS_URL");
        let endpoints = Endpoints {
            aws,
            postgres: "postgres://postgres@127.0.0.1:1/postgres".into(),
            redis: "redis://127.0.0.1:1".into(),
            clickhouse: "http://127.0.0.1:1".into(),
            opensearch: "http://127.0.0.1:1".into(),
            issuer: String::new(),
            sandbox: String::new(),
        };
        let run = root.path().join("run");
        let mut target = Target::new(root.path().to_owned(), run, endpoints, Settings::fresh().unwrap());
        target.bin_dir = root.path().join("bin");
        target.account = format!("999999{id:06}");
        target.api = format!("demo{id}");
        let layer = root.path().join("layer");
        fs::create_dir_all(layer.join("bin")).unwrap();
        fs::write(layer.join("bin/tool"), "#!/bin/sh\necho tool\n").unwrap();
        target.layers.insert("tools".into(), layer);
        let platform = Platform { target, _root: root };
        platform.write("functions/resources.yaml", RESOURCES);
        platform.write("functions/demo/functions.yaml", FUNCTIONS);
        platform
    }

    fn name(&self) -> &str {
        &self.target.api
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.target.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("NAME", self.name())).unwrap();
    }

    async fn deploy(&self) -> Deployed {
        manifest::generated::write(&self.target.root).unwrap();
        fs::create_dir_all(&self.target.bin_dir).unwrap();
        for name in manifest::Plan::read(&self.target.root).unwrap().functions.keys() {
            let binary = self.target.bin_dir.join(name);
            if !binary.exists() {
                fs::copy(env!("CARGO_BIN_EXE_echo-function"), binary).unwrap();
            }
        }
        deploy(&self.target, &Progress::quiet()).await.unwrap()
    }

    /// Waits until the log of a function holds a text.
    async fn logged(&self, function: &str, text: &str) {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(30) {
            if support::log(&self.target, function).await.contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{function} was not started with {text}: {}", support::log(&self.target, function).await);
    }
}

#[tokio::test]
async fn a_plan_becomes_a_platform() {
    let mut platform = Platform::new();
    let deployed = platform.deploy().await;
    assert_eq!(deployed.functions, 8);
    routes(&platform, &deployed.api_url).await;
    triggers(&platform).await;

    let begin = Instant::now();
    let again = platform.deploy().await;
    assert_eq!(again.changed, 0, "a second deployment changed something");
    assert!(begin.elapsed() < Duration::from_secs(10));

    // One binary changed, one route moved, one function gone.
    let binary = platform.target.bin_dir.join("demo-put-item");
    fs::write(&binary, [fs::read(&binary).unwrap(), b"x".to_vec()].concat()).unwrap();
    let text = FUNCTIONS
        .replace("'POST /v1/items'", "'POST /v1/things'")
        .replace("  demo-tick:\n    schedule: [rate(1 minute), cron(0 3 * * ? *)]\n", "");
    platform.write("functions/demo/functions.yaml", &text);
    let changed = platform.deploy().await;
    // demo-put-item, demo-tick and its two rules, the routes.
    assert_eq!(changed.changed, 5);
    let http = Http::new();
    assert_eq!(http.call("POST", &format!("{}/v1/things", changed.api_url)).await.status, 200);
    assert_eq!(http.call("POST", &format!("{}/v1/items", changed.api_url)).await.status, 404);

    platform.write("functions/resources.yaml", "{}");
    platform.write("functions/demo/functions.yaml", "service: demo\nfunctions: {}\n");
    let refused = deploy(&platform.target, &Progress::quiet()).await.unwrap_err().to_string();
    assert_eq!(refused, "functions/plan.json is out of date: run `cargo cinema generate`");
    platform.target.layers.clear();
    assert_eq!(platform.deploy().await.functions, 0);
}

async fn routes(platform: &Platform, url: &str) {
    let http = Http::new();
    let answer = http.call("GET", &format!("{url}/v1/items/film-1?q=1")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["parameters"]["id"], "film-1");
    let environment = &body["environment"];
    assert_eq!(environment["FUNCTION"], "demo-get-item");
    assert_eq!(environment["SERVICE"], "demo");
    assert_eq!(environment["AWS_REGION"], REGION);
    assert_eq!(environment["AWS_ENDPOINT_URL"], platform.target.endpoints.aws.as_str());
    assert_eq!(environment["STREAM_VIEWS"], "views");
    assert_eq!(environment["TABLE_ASSETS"], "assets");
    assert_eq!(environment["SECRET_PEPPER"], "pepper");
    assert!(environment["QUEUE_JOBS"].as_str().unwrap().ends_with("/jobs"), "{environment}");
    assert!(environment["QUEUE_DEMO_CONSUME"].as_str().unwrap().ends_with("/demo-consume"));
    assert_eq!(environment["FIRST_ADMIN_EMAIL"].as_str(), platform.target.settings.get("FIRST_ADMIN_EMAIL"));
    assert!(environment["JWKS_URL"].as_str().unwrap().ends_with("jwks.json"));
    assert_eq!(environment["CURSOR_KEY"].as_str().unwrap().len(), 44);
    assert!(environment["LAMBDA_LAYERS_ROOT"].is_string());

    assert_eq!(http.call("HEAD", &format!("{url}/v1/items/film-1")).await.status, 200);
    for (method, path) in [("DELETE", "/v1/items/7"), ("POST", "/v1/items/7"), ("PUT", "/v1/items")] {
        let answer = http.call_with(method, &format!("{url}{path}"), "{\"a\": 1}").await;
        let allowed = if path == "/v1/items" { "POST" } else { "GET, HEAD, PUT" };
        assert_eq!(answer.status, 405, "{method} {path}: {}", answer.body);
        assert_eq!(answer.header("allow"), Some(allowed));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem["code"], "method_not_allowed");
    }
    assert_eq!(http.call("GET", &format!("{url}/v1/nothing")).await.status, 404);
    assert_eq!(http.call("GET", &format!("{url}/v1")).await.status, 404);
}

async fn triggers(platform: &Platform) {
    let aws = support::Aws::new(&platform.target);
    let bucket = format!("{}-uploads", platform.name());
    aws.put_object(&bucket, "other/ignored").await;
    aws.put_object(&bucket, "sources/film.mp4").await;
    platform.logged("demo-upload", "sources/film.mp4").await;
    aws.send("jobs", "a job").await;
    platform.logged("demo-work", "a job").await;
    aws.send("demo-consume", "an event").await;
    platform.logged("demo-consume", "an event").await;
    aws.put_record("views", b"view").await;
    platform.logged("demo-view", "dmlldw==").await;
    aws.put_item("assets", "film-1").await;
    platform.logged("demo-relay", "film-1").await;
    assert!(!support::log(&platform.target, "demo-upload").await.contains("ignored"));

    assert_eq!(aws.visibility("jobs").await, 50);
    assert_eq!(aws.visibility("demo-consume").await, 360);
    assert_eq!(aws.secret("pepper").await.unwrap().len(), 44);
    assert!(aws.secret("url-key").await.unwrap().len() > 100);
    assert_eq!(aws.secret("signing-keys").await, None);
}
