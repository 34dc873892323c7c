//! One service on real engines: a fresh database per test, AWS resources of its own per test process.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use events::Event;
use manifest::{Generate, Index, Manifest, Table, Use, env};
use runtime::{Boot, Vars};
use stores::Aws;
use tokio::sync::{Mutex, OnceCell};

use crate::{App, Engines, token};

/// A service under test.
pub struct Service {
    name: String,
    vars: Vars,
    aws: Aws,
}

impl Service {
    /// Engines, a migrated database if the service has one, and every resource that its functions use; tests of one process share
    /// the resources.
    pub async fn start(name: &str) -> Self {
        Self::start_with(name, false).await
    }

    /// The same with buckets, queues and tables that no other test sees: for tests that empty queues or sweep tables.
    pub async fn start_alone(name: &str) -> Self {
        Self::start_with(name, true).await
    }

    async fn start_with(name: &str, alone: bool) -> Self {
        let engines = Engines::from_env();
        let root = crate::root();
        let manifest = Manifest::load(&root).unwrap_or_else(|error| panic!("{error}"));
        let uses: BTreeSet<Use> = manifest.service(name).flat_map(|function| function.uses.iter().cloned()).collect();
        let mut vars = Vars::default()
            .set("SERVICE", name)
            .set("CINEMA_ENVIRONMENT", "local")
            .set("AWS_ENDPOINT_URL", &engines.aws)
            .set("AWS_REGION", "eu-central-1")
            .set("AWS_ACCESS_KEY_ID", "test")
            .set("AWS_SECRET_ACCESS_KEY", "test")
            .set("DEFAULT_TERRITORY", "DE")
            .set("CURSOR_KEY", BASE64_STANDARD.encode([7; 32]))
            .set("ORIGIN_VERIFY", crate::http::ORIGIN_VERIFY)
            .set("PUBLIC_URL", "http://localhost:8080")
            .set("JWKS_URL", token::jwks_url())
            .set(env::REDIS_URL, &engines.redis)
            .set(env::OPENSEARCH_URL, &engines.opensearch)
            .set(env::CLICKHOUSE_URL, &engines.clickhouse)
            .set(env::EMAIL_FROM, "cinema@example.com")
            .set("POSTGRES_CONNECTIONS", "10");
        if root.join("functions").join(name).join("migrations").is_dir() {
            let database = format!("test_{}", uuid::Uuid::now_v7().simple());
            let url = migrations::migrate(&engines.postgres, &database, &root, name, "test").await;
            vars = vars.set(env::POSTGRES_URL, url.unwrap_or_else(|error| panic!("{error}")));
        }
        let aws = aws(&engines);
        let resources = if alone {
            let suffix = uuid::Uuid::now_v7().simple().to_string();
            // The emulator has 50 shards in all: streams are always shared, and read by subject.
            let (own, shared): (BTreeSet<_>, BTreeSet<_>) =
                uses.into_iter().partition(|item| !matches!(item, Use::Kinesis(_) | Use::Secret { .. }));
            let mut made = shared_resources(&aws, &manifest, &shared).await;
            made.retain(|variable, _| !own.iter().any(|item| item.variable().as_ref() == Some(variable)));
            create_missing(&aws, &manifest, &own, &suffix, &mut made).await;
            made
        } else {
            shared_resources(&aws, &manifest, &uses).await
        };
        for (variable, value) in resources {
            vars = vars.set(&variable, value);
        }
        Self { name: name.to_owned(), vars, aws }
    }

    /// Changes a variable for the boots that follow.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.vars = self.vars.set(name, value);
        self
    }

    /// The variables, for a shipped binary.
    pub fn vars(&self) -> &Vars {
        &self.vars
    }

    /// The value of a variable.
    pub fn var(&self, name: &str) -> String {
        self.vars.get(name).unwrap_or_else(|| panic!("{name} is not set for {}", self.name)).to_owned()
    }

    /// Wiring to the real engines.
    pub fn boot(&self) -> Boot {
        Boot::new(self.vars.clone())
    }

    /// The merged router of the service.
    pub fn app(&self, routes: fn(&Boot) -> Result<cinema_http::OpenApiRouter, runtime::BootError>) -> App {
        self.app_with(&self.boot(), routes)
    }

    /// The same with a boot of one's own, for example with another clock.
    pub fn app_with(
        &self,
        boot: &Boot,
        routes: fn(&Boot) -> Result<cinema_http::OpenApiRouter, runtime::BootError>,
    ) -> App {
        let router = routes(boot).and_then(|routes| cinema_http::finish(boot, routes));
        App(router.unwrap_or_else(|error| panic!("{error}")))
    }

    /// The service's own schema, as its role sees it.
    pub fn pool(&self) -> sqlx::PgPool {
        stores::postgres::pool(&self.var(env::POSTGRES_URL), 5).expect("a URL")
    }

    /// The AWS configuration.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Waits up to 10 s until the stream holds `count` events about the subject, and returns all there are.
    pub async fn events(&self, stream: &str, subject: impl ToString, count: usize) -> Vec<Event> {
        let subject = subject.to_string();
        for _ in 0..50 {
            let found: Vec<Event> =
                self.records(stream).await.into_iter().filter(|event| event.subject == subject).collect();
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("no {count} events about {subject} on {stream}");
    }

    /// All events on a stream.
    pub async fn records(&self, stream: &str) -> Vec<Event> {
        let client = aws_sdk_kinesis::Client::new(self.aws.config());
        let name = self.var(&env::stream(stream));
        let shards = client.list_shards().stream_name(&name).send().await.expect("shards");
        let mut events = Vec::new();
        for shard in shards.shards() {
            let iterator = client
                .get_shard_iterator()
                .stream_name(&name)
                .shard_id(shard.shard_id())
                .shard_iterator_type(aws_sdk_kinesis::types::ShardIteratorType::TrimHorizon);
            let mut next = iterator.send().await.expect("an iterator").shard_iterator;
            while let Some(iterator) = next {
                let batch = client.get_records().shard_iterator(iterator).send().await.expect("records");
                for record in batch.records() {
                    events.push(Event::parse(record.data().as_ref()).expect("an event of the contract"));
                }
                next = batch.next_shard_iterator.filter(|_| batch.millis_behind_latest.unwrap_or(0) > 0);
            }
        }
        events
    }

    /// Takes up to ten messages from a queue, waiting up to 5 s for the first; they are deleted.
    pub async fn take_messages(&self, queue: &str) -> Vec<serde_json::Value> {
        let client = aws_sdk_sqs::Client::new(self.aws.config());
        let url = self.var(&env::queue(queue));
        let request = client.receive_message().queue_url(&url).max_number_of_messages(10).wait_time_seconds(5);
        let mut bodies = Vec::new();
        for message in request.send().await.expect("messages").messages() {
            let handle = message.receipt_handle().unwrap_or_default();
            client.delete_message().queue_url(&url).receipt_handle(handle).send().await.expect("deleted");
            bodies.push(serde_json::from_str(message.body().unwrap_or_default()).expect("JSON"));
        }
        bodies
    }
}

/// AWS as tests reach it.
pub fn aws(engines: &Engines) -> Aws {
    let keys = stores::aws::Keys { id: "test".into(), secret: "test".into(), session: None };
    Aws::new("eu-central-1".into(), keys, Some(engines.aws.clone()))
}

/// Creates what is not there yet in this process, under names of its own, and returns the variables that lead to it.
async fn shared_resources(aws: &Aws, manifest: &Manifest, uses: &BTreeSet<Use>) -> BTreeMap<String, String> {
    static MADE: Mutex<BTreeMap<String, String>> = Mutex::const_new(BTreeMap::new());
    static SUFFIX: OnceCell<String> = OnceCell::const_new();
    let suffix = SUFFIX.get_or_init(|| async { uuid::Uuid::now_v7().simple().to_string()[..16].to_owned() }).await;
    let mut made = MADE.lock().await;
    create_missing(aws, manifest, uses, suffix, &mut made).await;
    made.clone()
}

async fn create_missing(
    aws: &Aws,
    manifest: &Manifest,
    uses: &BTreeSet<Use>,
    suffix: &str,
    made: &mut BTreeMap<String, String>,
) {
    for item in uses {
        let Some(variable) = item.variable() else { continue };
        if made.contains_key(&variable) {
            continue;
        }
        let value = match item {
            Use::S3 { bucket, .. } => {
                create_bucket(aws, &format!("{bucket}-{suffix}"), manifest.resources.buckets[bucket].versioned).await
            }
            Use::Sqs(queue) => create_queue(aws, &format!("{queue}-{suffix}")).await,
            Use::Kinesis(stream) => create_stream(aws, &format!("{stream}-{suffix}")).await,
            Use::Dynamodb { table, .. } => {
                create_table(aws, &format!("{table}-{suffix}"), &manifest.resources.tables[table]).await
            }
            Use::Secret { name, .. } => {
                create_secret(aws, &format!("{name}-{suffix}"), manifest.resources.secrets[name].generate).await
            }
            _ => continue,
        };
        made.insert(variable, value);
    }
}

async fn create_bucket(aws: &Aws, name: &str, versioned: bool) -> String {
    use aws_sdk_s3::types::{
        BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
    };
    let client = stores::Bucket::new(aws, name.to_owned()).client;
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuCentral1).build();
    client.create_bucket().bucket(name).create_bucket_configuration(place).send().await.expect("a bucket");
    if versioned {
        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        client.put_bucket_versioning().bucket(name).versioning_configuration(versions).send().await.expect("versions");
    }
    name.to_owned()
}

async fn create_queue(aws: &Aws, name: &str) -> String {
    let client = aws_sdk_sqs::Client::new(aws.config());
    client.create_queue().queue_name(name).send().await.expect("a queue").queue_url.expect("its URL")
}

async fn create_stream(aws: &Aws, name: &str) -> String {
    let client = aws_sdk_kinesis::Client::new(aws.config());
    client.create_stream().stream_name(name).shard_count(1).send().await.expect("a stream");
    for _ in 0..100 {
        let summary = client.describe_stream_summary().stream_name(name).send().await.expect("a summary");
        let status = summary.stream_description_summary().map(|summary| summary.stream_status().clone());
        if status == Some(aws_sdk_kinesis::types::StreamStatus::Active) {
            return name.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{name} does not become active");
}

async fn create_table(aws: &Aws, name: &str, table: &Table) -> String {
    let schema = |hash: &str, range: Option<&String>| {
        let element =
            |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key");
        let mut schema = vec![element(hash, KeyType::Hash)];
        schema.extend(range.map(|range| element(range, KeyType::Range)));
        schema
    };
    let mut attributes: BTreeSet<&String> = BTreeSet::from([&table.hash]);
    attributes.extend(table.range.as_ref());
    for Index { hash, range } in table.indexes.values() {
        attributes.insert(hash);
        attributes.extend(range.as_ref());
    }
    let attribute = |name: &&String| {
        AttributeDefinition::builder()
            .attribute_name(*name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .expect("an attribute")
    };
    let index = |(name, index): (&String, &Index)| {
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(schema(&index.hash, index.range.as_ref())))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .expect("an index")
    };
    let indexes: Vec<_> = table.indexes.iter().map(index).collect();
    let stream = table.stream.then(|| {
        let view = StreamViewType::NewAndOldImages;
        StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build().expect("a stream")
    });
    let client = aws_sdk_dynamodb::Client::new(aws.config());
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(schema(&table.hash, table.range.as_ref())))
        .set_attribute_definitions(Some(attributes.iter().map(attribute).collect()))
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .set_stream_specification(stream)
        .send()
        .await
        .expect("a table");
    name.to_owned()
}

async fn create_secret(aws: &Aws, name: &str, generate: Option<Generate>) -> String {
    let client = aws_sdk_secretsmanager::Client::new(aws.config());
    let value = match generate {
        None => None,
        Some(Generate::Random32) => Some(BASE64_STANDARD.encode(kernel::World::system().bytes::<32>())),
        Some(Generate::EcP256) => Some(BASE64_STANDARD.encode(token::new_key())),
    };
    client.create_secret().name(name).set_secret_string(value).send().await.expect("a secret");
    name.to_owned()
}
