//! One service on real engines: a fresh database per test, AWS resources of its own per test process.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use events::Event;
use manifest::{Plan, env};
use runtime::{Boot, Vars};
use stores::Aws;

use crate::{App, Engines, databases, resources, token};

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
        let plan = Plan::read(&root).unwrap_or_else(|error| panic!("{error}"));
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
            let database = databases::fresh(&engines.postgres).await;
            let url = migrations::migrate(&engines.postgres, &database, &root, name, "test").await;
            vars = vars.set(env::POSTGRES_URL, url.unwrap_or_else(|error| panic!("{error}")));
        }
        let aws = aws(&engines);
        let wanted = resources::of(&plan, name);
        let resources = if alone {
            resources::own(&aws, &plan, wanted).await
        } else {
            resources::shared(&aws, &plan, &wanted).await
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
        App::documented(router.unwrap_or_else(|error| panic!("{error}")))
    }

    /// The service's own schema, as its role sees it.
    pub fn pool(&self) -> sqlx::PgPool {
        stores::postgres::pool(&self.var(env::POSTGRES_URL), 5, stores::postgres::ACQUIRE).expect("a URL")
    }

    /// The AWS configuration.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Where a presigned link for clients leads behind the edge; panics unless it is on the public address.
    #[track_caller]
    pub fn behind_the_edge(&self, link: &str) -> String {
        let public = format!("{}/storage/", self.var("PUBLIC_URL"));
        let path = link.strip_prefix(&public).unwrap_or_else(|| panic!("{link} is not on the public address"));
        format!("{}/{path}", self.var("AWS_ENDPOINT_URL"))
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
