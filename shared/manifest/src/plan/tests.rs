use std::path::Path;

use super::*;
use crate::manifest::Manifest;

const RESOURCES: &str = "
buckets: {uploads: {versioned: true, cors: true}, web: {}}
queues: {media-chunks: {}, email: {max_receives: 3}}
streams: {domain-events: {}, playback-events: {shards: 2}}
tables: {assets: {hash: pk, stream: true, indexes: {due: {hash: due_shard}}}}
secrets: {pepper: {generate: random-32, public_id: PEPPER_ID}}
gateway: {errors: {THROTTLED: {status: 429, code: slow, title: Slow}}}
";

const MEDIA: &str = "
service: media
functions:
  media-get-asset:
    http: ['GET /v1/assets/{id}', 'DELETE /v1/assets/{id}']
    access: role:editor
    proof: 10m+otp
    uses: [postgres, dynamodb:assets:read, 'secret:pepper:read', 'layer:ffmpeg']
    settings: [FIRST_ADMIN_EMAIL]
  media-encode-chunk:
    sqs: {queue: media-chunks}
    timeout: 600
    concurrency: 1
    uses: [s3:uploads:read, s3:uploads:write]
  media-start-ingest:
    s3: [{bucket: uploads, prefix: sources/}, {bucket: uploads, prefix: inbox/}]
  media-relay-assets:
    dynamodb: {table: assets}
    uses: [kinesis:domain-events]
  media-project-titles:
    events: [cinema.catalog.title_changed.v1]
    kinesis: {stream: playback-events, batch: 50, window: 2}
    timeout: 20
  media-tick:
    schedule: [rate(1 minute), 'cron(0 3 * * ? *)']
    uses: [event-queues]
  media-count:
    schedule: rate(1 hour)
    uses: [dead-letters]
  media-move:
    schedule: rate(1 day)
    uses: [redrive]
";

fn plan() -> Plan {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("functions/media")).unwrap();
    fs::write(root.path().join("functions/resources.yaml"), RESOURCES).unwrap();
    fs::write(root.path().join("functions/media/functions.yaml"), MEDIA).unwrap();
    Plan::of(&Manifest::load(root.path()).unwrap())
}

fn actions<'a>(plan: &'a Plan, function: &str, resource: &Resource) -> Vec<&'a str> {
    let found = plan.functions[function].permissions.iter().find(|permission| permission.resource == *resource);
    found.map(|permission| permission.actions.iter().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn a_plan_survives_writing_and_reading() {
    let plan = plan();
    assert_eq!(serde_json::from_str::<Plan>(&plan.text()).unwrap(), plan);
    assert!(!plan.text().contains("null"), "{}", plan.text());
}

#[test]
fn a_function_has_its_final_settings() {
    let plan = plan();
    let get = &plan.functions["media-get-asset"];
    assert_eq!((get.memory_mib, get.timeout_seconds, get.ephemeral_mib), (256, 10, 512));
    assert_eq!(get.layers, ["ffmpeg"]);
    assert_eq!(get.network, [Endpoint::Postgres]);
    assert_eq!(get.invoked_by, ["apigateway.amazonaws.com"]);
    assert_eq!(get.routes[1].method, "DELETE");
    assert_eq!(get.routes[1].proof.map(|proof| proof.to_string()).as_deref(), Some("10m+otp"));
    assert_eq!(get.environment["SERVICE"], Value::Literal("media".into()));
    let reference = |name: &str| match &get.environment[name] {
        Value::Reference(reference) => reference.clone(),
        Value::Literal(text) => panic!("{name} is {text}"),
    };
    assert_eq!(reference("POSTGRES_URL"), Reference::Endpoint(Endpoint::Postgres));
    assert_eq!(reference("TABLE_ASSETS"), Reference::Table("assets".into()));
    assert_eq!(reference("CURSOR_KEY"), Reference::Setting("CURSOR_KEY".into()));
    assert_eq!(reference("FIRST_ADMIN_EMAIL"), Reference::Setting("FIRST_ADMIN_EMAIL".into()));
    assert_eq!(reference("PEPPER_ID"), Reference::Setting("PEPPER_ID".into()));
    assert!(!plan.functions["media-tick"].environment.contains_key("PEPPER_ID"));
    assert!(!plan.functions["media-tick"].environment.contains_key("CURSOR_KEY"));
    assert_eq!(plan.functions["media-tick"].schedules.len(), 2);
    let methods: Vec<(&str, &str)> =
        plan.gateway.paths["/v1/assets/{id}"].iter().map(|(method, name)| (method.as_str(), name.as_str())).collect();
    assert_eq!(methods, ["DELETE", "GET", "HEAD"].map(|method| (method, "media-get-asset")));
    assert_eq!(plan.gateway.errors["THROTTLED"].kind, "about:blank");
}

#[test]
fn queues_and_mappings_follow_from_their_consumers() {
    let plan = plan();
    let seen: Vec<_> = plan
        .queues
        .iter()
        .map(|(name, queue)| (name.as_str(), queue.visibility_seconds, queue.redrive.max_receives))
        .collect();
    assert_eq!(seen, [("email", 30, 3), ("media-chunks", 630, 5), ("media-project-titles", 120, 5)]);
    let dead: Vec<&str> = plan.dead_letter_queues.keys().map(String::as_str).collect();
    assert_eq!(
        dead,
        [
            "email-dlq",
            "media-chunks-dlq",
            "media-project-titles-dlq",
            "media-relay-assets-dlq",
            "media-start-ingest-dlq"
        ]
    );
    assert_eq!(plan.functions["media-start-ingest"].dead_letters.as_deref(), Some("media-start-ingest-dlq"));
    assert_eq!(plan.functions["media-encode-chunk"].mappings[0].max_concurrency, Some(2));
    let [queue, stream] = &plan.functions["media-project-titles"].mappings[..] else { panic!("two mappings") };
    assert_eq!((&queue.source, queue.batch), (&Source::Queue("media-project-titles".into()), 10));
    assert_eq!(
        (&stream.source, stream.batch, stream.window_seconds),
        (&Source::Stream("playback-events".into()), 50, 2)
    );
    assert!(stream.replay.as_ref().is_some_and(|replay| replay.bisect && replay.retries == 5));
    assert_eq!(plan.events["cinema.catalog.title_changed.v1"], ["media-project-titles"]);
}

#[test]
fn a_role_may_do_what_is_used_and_what_starts_it() {
    let plan = plan();
    assert_eq!(
        actions(&plan, "media-get-asset", &Resource::Secret("pepper".into())),
        ["secretsmanager:GetSecretValue"]
    );
    assert_eq!(actions(&plan, "media-get-asset", &Resource::Indexes("assets".into())), ["dynamodb:Query"]);
    assert!(actions(&plan, "media-get-asset", &Resource::Objects("uploads".into())).is_empty());
    let routing = actions(&plan, "media-tick", &Resource::Queue("media-project-titles".into()));
    assert_eq!(routing, ["sqs:GetQueueUrl", "sqs:SendMessage"]);
    assert!(actions(&plan, "media-tick", &Resource::Queue("email".into())).is_empty());
    let dead = |name: &str| Resource::Queue(format!("{name}-dlq"));
    let counting = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListMessageMoveTasks"];
    for name in ["email", "media-relay-assets", "media-start-ingest"] {
        assert_eq!(actions(&plan, "media-count", &dead(name)), counting);
    }
    assert!(actions(&plan, "media-count", &Resource::Queue("email".into())).is_empty());
    let moving = actions(&plan, "media-move", &dead("email"));
    assert!(moving.contains(&"sqs:StartMessageMoveTask") && moving.contains(&"sqs:DeleteMessage"), "{moving:?}");
    assert_eq!(actions(&plan, "media-move", &Resource::Queue("email".into())), ["sqs:SendMessage"]);
    assert!(actions(&plan, "media-move", &dead("media-relay-assets")).is_empty());
    let objects = actions(&plan, "media-encode-chunk", &Resource::Objects("uploads".into()));
    assert!(objects.contains(&"s3:GetObjectVersion") && objects.contains(&"s3:PutObject"), "{objects:?}");
    assert!(
        actions(&plan, "media-encode-chunk", &Resource::Queue("media-chunks".into())).contains(&"sqs:DeleteMessage")
    );
    let relay = |resource| actions(&plan, "media-relay-assets", &resource);
    assert!(relay(Resource::Changes("assets".into())).contains(&"dynamodb:GetRecords"));
    assert_eq!(relay(Resource::Queue("media-relay-assets-dlq".into())), ["sqs:SendMessage"]);
    assert_eq!(
        actions(&plan, "media-start-ingest", &Resource::Queue("media-start-ingest-dlq".into())),
        ["sqs:SendMessage"]
    );
    for (name, function) in &plan.functions {
        assert!(!actions(&plan, name, &Resource::LogGroup(name.clone())).is_empty());
        let mut all = function.permissions.iter().flat_map(|permission| &permission.actions);
        assert!(!all.any(|action| action.contains('*')), "{name} has a wildcard");
    }
}

#[test]
fn a_broken_plan_names_its_file_and_the_command() {
    let root = tempfile::tempdir().unwrap();
    let refused = |root: &Path| Plan::read(root).unwrap_err().to_string();
    assert!(refused(root.path()).starts_with("functions/plan.json: "));
    fs::create_dir_all(root.path().join("functions")).unwrap();
    fs::write(root.path().join(Plan::FILE), "{}\n").unwrap();
    let text = refused(root.path());
    assert!(text.starts_with("functions/plan.json:") && text.contains("cargo cinema generate"), "{text}");
}
