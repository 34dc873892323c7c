//! A studio for tests: the service on real engines, with queues that are driven by hand and a clock that moves when told to.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use cinema_http::StatusCode;
use events::{Consumer, Deadline, Event, Outcome};
use kernel::{TitleId, TraceParent, World, world::ManualClock};
use media::{assets::job::Message, operations};
use proto::{catalog::TitleChanged, types};
use runtime::{Boot, S3Object, SqsMessage, Tick};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stores::{Bucket, aws_sdk_s3::primitives::ByteStream, trace};
use testkit::{App, Service, Token};
use time::Duration;

use crate::{recipe, workers::Workers};

/// The service under test.
pub struct Studio {
    pub service: Service,
    pub app: App,
    pub editor: Token,
    pub uploads: Bucket,
    pub films: Bucket,
    boot: Arc<Boot>,
    clock: Arc<ManualClock>,
    workers: Workers,
}

/// Twelve and a half seconds with a tone: two chunks of six seconds and a rest.
pub fn film() -> &'static [u8] {
    static FILM: OnceLock<Vec<u8>> = OnceLock::new();
    FILM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = recipe::generate(
            folder.path(),
            "film.mp4",
            &[
                "-f",
                "lavfi",
                "-i",
                "testsrc2=s=320x180:r=25:d=12.52",
                "-f",
                "lavfi",
                "-i",
                "sine=f=440:r=48000:d=12.52",
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-g",
                "77",
                "-pix_fmt",
                "yuv420p",
                "-c:a",
                "aac",
                "-movflags",
                "+faststart",
            ],
        );
        std::fs::read(path).unwrap()
    })
}

/// `PATH` with ffmpeg in front, as a layer puts it.
pub fn path() -> String {
    let folders = [testkit::engines::ffmpeg()].into_iter().chain(std::env::split_paths("/usr/bin:/bin"));
    std::env::join_paths(folders).unwrap().into_string().unwrap()
}

impl Studio {
    pub async fn open() -> Self {
        let service = Service::start_alone("media").await.with("PATH", &path()).with("MEDIA_CHUNK_GOPS", "3");
        let (world, clock) = World::replay(World::system().now(), u64::from_le_bytes(World::system().bytes()));
        let boot = Arc::new(service.boot().with_world(world));
        let workers = Workers::new(&service, boot.clone());
        Self {
            app: service.app(operations::routes),
            editor: Token::role("editor"),
            uploads: Bucket::new(service.aws(), service.var("BUCKET_UPLOADS")),
            films: Bucket::new(service.aws(), service.var("BUCKET_MEDIA")),
            boot,
            clock,
            workers,
            service,
        }
    }

    /// The same wiring with another `PATH`.
    pub fn with_path(&self, path: &str) -> Boot {
        Boot::new(self.service.vars().clone().set("PATH", path)).with_world(self.boot.world())
    }

    pub fn no_deadline(&self) -> Deadline {
        Deadline::unlimited(self.boot.world())
    }

    /// Puts a file and returns what S3 would tell of it.
    pub async fn put(&self, key: &str, bytes: &[u8]) -> S3Object {
        let body = ByteStream::from(bytes.to_vec());
        let put = self.uploads.client.put_object().bucket(&self.uploads.name).key(key).body(body).send().await.unwrap();
        let (bucket, key, size) = (self.uploads.name.clone(), key.to_owned(), bytes.len() as u64);
        S3Object { bucket, key, version: put.version_id, sequencer: Some("1".into()), size }
    }

    /// S3 tells of an object.
    pub async fn notify(&self, object: &S3Object) -> Outcome {
        let consumer = operations::consumers::start_ingest(&self.boot).unwrap();
        consumer.consume(object.clone(), &self.no_deadline()).await
    }

    /// S3 tells of an editor's captions.
    pub async fn convert(&self, object: &S3Object) -> Outcome {
        let consumer = operations::consumers::convert_captions(&self.boot).unwrap();
        consumer.consume(object.clone(), &self.no_deadline()).await
    }

    /// Drops a file into the inbox and returns its asset.
    pub async fn drop_file(&self, name: &str, bytes: &[u8]) -> String {
        let object = self.put(&format!("inbox/{name}"), bytes).await;
        assert_eq!(self.notify(&object).await, Outcome::Done);
        asset_of(&object)
    }

    /// A title of which the catalogue has told.
    pub async fn title(&self) -> TitleId {
        let title = World::system().id();
        assert_eq!(self.hear(title_changed(title, 1, false)).await, Outcome::Done);
        title
    }

    /// The catalogue tells of a title.
    pub async fn hear(&self, event: Event) -> Outcome {
        let consumer = operations::consumers::project_titles(&self.boot).unwrap();
        consumer.consume(event, &self.no_deadline()).await
    }

    /// Sends a film through the API; returns its asset and what S3 would tell of it.
    pub async fn upload(&self, bytes: &[u8]) -> (String, S3Object) {
        let title = self.title().await;
        self.upload_for(title, bytes).await
    }

    /// The same for a title.
    pub async fn upload_for(&self, title: TitleId, bytes: &[u8]) -> (String, S3Object) {
        let order = json!({ "title_id": title, "filename": "my film.mp4", "size": bytes.len() });
        let created = self.app.post("/v1/admin/uploads", &order).token(&self.editor).send().await.expect(201);
        let part_size = created["part_size"].as_u64().unwrap() as usize;
        for (part, bytes) in created["parts"].as_array().unwrap().iter().zip(bytes.chunks(part_size)) {
            assert_eq!(put_url(part["url"].as_str().unwrap(), bytes).await, 200);
        }
        let id = created["upload_id"].as_str().unwrap();
        let complete = format!("/v1/admin/uploads/{id}/complete");
        self.app.post(&complete, &json!({})).token(&self.editor).send().await.expect(200);
        let key = format!("sources/{id}/my_film.mp4");
        let head = self.uploads.head(&key).await.unwrap().expect("the joined object");
        let (bucket, size) = (self.uploads.name.clone(), bytes.len() as u64);
        let object = S3Object { bucket, key, version: head.version_id, sequencer: Some("1".into()), size };
        (created["asset_id"].as_str().unwrap().to_owned(), object)
    }

    /// Takes every message from every queue.
    pub async fn take(&self) -> Vec<Message> {
        self.take_traced().await.into_iter().map(|(message, _)| message).collect()
    }

    /// Takes every message from every queue, with its trace.
    pub async fn take_traced(&self) -> Vec<(Message, Option<TraceParent>)> {
        self.workers.take().await
    }

    /// Delivers a message to its function.
    pub async fn deliver(&self, message: &Message) -> Outcome {
        self.workers.deliver(message).await
    }

    /// Works until the queues are empty.
    pub async fn work(&self) {
        loop {
            let messages = self.take_traced().await;
            if messages.is_empty() {
                return;
            }
            for (message, trace) in messages {
                assert_eq!(trace::within(trace, self.deliver(&message)).await, Outcome::Done, "{message:?}");
            }
        }
    }

    /// Moves the clock, then reconciles.
    pub async fn tick(&self, seconds: i64) {
        self.clock.advance(Duration::seconds(seconds));
        let consumer = operations::consumers::reconcile(&self.boot).unwrap();
        assert_eq!(consumer.consume(Tick { time: None }, &self.no_deadline()).await, Outcome::Done);
    }

    /// The asset as the studio sees it.
    pub async fn asset(&self, id: &str) -> Value {
        self.app.get(&format!("/v1/admin/assets/{id}")).token(&self.editor).send().await.expect(200)
    }

    /// The asset, which must be in this state.
    #[track_caller]
    pub fn expect_state<'a>(&'a self, id: &'a str, state: &'a str) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let asset = self.asset(id).await;
            assert_eq!(asset["state"], state, "{caller}: {asset:#}");
            asset
        }
    }

    /// Every object of an asset with the hash of its bytes.
    pub async fn objects(&self, id: &str) -> BTreeMap<String, String> {
        let mut pages = self
            .films
            .client
            .list_objects_v2()
            .bucket(&self.films.name)
            .prefix(format!("{id}/"))
            .into_paginator()
            .send();
        let mut objects = BTreeMap::new();
        while let Some(page) = pages.next().await {
            for object in page.unwrap().contents() {
                let key = object.key().unwrap();
                let bytes = self.films.get(key).await.unwrap().unwrap();
                objects.insert(
                    key.strip_prefix(&format!("{id}/")).unwrap().to_owned(),
                    hex::encode(Sha256::digest(bytes)),
                );
            }
        }
        objects
    }

    /// Puts an asset back to where it was before its last worker saw that the ledger is complete.
    pub async fn forget_package(&self, id: &str) {
        use stores::aws_sdk_dynamodb::types::AttributeValue::S;
        let table = stores::Table::new(self.service.aws(), self.service.var("TABLE_ASSETS"));
        let delete = table.client.delete_item().table_name(&table.name);
        delete.key("pk", S(id.into())).key("sk", S("job#package".into())).send().await.unwrap();
        let update = table.client.update_item().table_name(&table.name);
        let update = update.key("pk", S(id.into())).key("sk", S("asset".into()));
        let update = update.update_expression("SET #state = :state").expression_attribute_names("#state", "state");
        update.expression_attribute_values(":state", S("encoding".into())).send().await.unwrap();
    }

    /// An item of the table as a stream delivers it.
    pub async fn image(&self, pk: &str, sk: &str) -> Value {
        self.item(pk, sk).await.expect("an item")
    }

    /// The same, where it may be gone.
    pub async fn item(&self, pk: &str, sk: &str) -> Option<Value> {
        let table = stores::Table::new(self.service.aws(), self.service.var("TABLE_ASSETS"));
        let text = |value: &str| stores::aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
        let item = table
            .client
            .get_item()
            .table_name(&table.name)
            .key("pk", text(pk))
            .key("sk", text(sk))
            .send()
            .await
            .unwrap();
        item.item.map(|item| image(&item.into_iter().collect()))
    }
}

/// What the catalogue tells of a title.
pub fn title_changed(title: TitleId, sequence: i64, deleted: bool) -> Event {
    let data = TitleChanged {
        title_id: title.to_string(),
        kind: "film".to_owned(),
        slug: "a".to_owned(),
        publication: "draft".to_owned(),
        deleted,
        ..TitleChanged::default()
    };
    Event::new(&World::system(), types::TITLE_CHANGED, title, sequence, &data)
}

fn image(attributes: &BTreeMap<String, stores::aws_sdk_dynamodb::types::AttributeValue>) -> Value {
    attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<serde_json::Map<_, _>>().into()
}

fn attribute(value: &stores::aws_sdk_dynamodb::types::AttributeValue) -> Value {
    use stores::aws_sdk_dynamodb::types::AttributeValue as A;
    match value {
        A::S(text) => json!({ "S": text }),
        A::N(number) => json!({ "N": number }),
        A::Bool(is) => json!({ "BOOL": is }),
        A::Null(_) => json!({ "NULL": true }),
        A::L(list) => json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() }),
        A::M(map) => json!({ "M": image(&map.clone().into_iter().collect()) }),
        other => panic!("{other:?}"),
    }
}

/// A message as SQS delivers it.
pub fn sqs(body: String) -> SqsMessage {
    SqsMessage { id: "1".into(), body, receive_count: 1, trace: None }
}

/// The asset of an object that no upload announced.
pub fn asset_of(object: &S3Object) -> String {
    let identity = object.version.clone().expect("a versioned bucket");
    let (bucket, key) = (object.bucket.clone(), object.key.clone());
    media::assets::object::Object { bucket, key, version: object.version.clone(), identity }.asset_id().to_string()
}

/// PUT to a presigned URL, as the edge passes it on; panics unless it is on the public address.
pub async fn put_url(url: &str, bytes: &[u8]) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let target = url.strip_prefix("http://localhost:8080/storage/").unwrap_or_else(|| panic!("{url}"));
    let store = testkit::Engines::from_env().aws;
    let host = store.strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let head = format!(
        "PUT /{target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        bytes.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap().parse().unwrap();
    if status != StatusCode::OK.as_u16() {
        eprintln!("{}", String::from_utf8_lossy(&answer));
    }
    status
}
