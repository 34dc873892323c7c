//! The service on throw-away engines: a file in the inbox, worked on until its asset is ready or refused.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use events::{Consumer, Deadline, Outcome};
use media::{assets::object::Object, operations};
use runtime::{Boot, S3Object, Tick};
use serde_json::Value;
use stores::{Bucket, aws_sdk_s3::primitives::ByteStream, trace};
use testkit::{App, Service, Token};

use crate::workers::Workers;

/// The reconciler comes this often, as on the platform.
const TICK: Duration = Duration::from_secs(60);
/// A film of a minute takes a minute; whatever is not over after so long never is.
const PATIENCE: Duration = Duration::from_secs(1800);

pub struct Studio {
    pub films: Bucket,
    app: App,
    boot: Arc<Boot>,
    uploads: Bucket,
    workers: Workers,
}

/// What became of a file.
pub struct Outcomes {
    pub asset: Value,
    /// From the notification to the end.
    pub seconds: f64,
}

impl Outcomes {
    pub fn is_ready(&self) -> bool {
        self.asset["state"] == "ready"
    }

    pub fn id(&self) -> &str {
        self.asset["asset_id"].as_str().unwrap_or_default()
    }

    /// What the editor is told was changed or left out.
    pub fn warnings(&self) -> Vec<&str> {
        self.asset["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

impl Studio {
    pub async fn open() -> Self {
        let folders = [testkit::engines::ffmpeg()].into_iter().chain(std::env::split_paths("/usr/bin:/bin"));
        let path = std::env::join_paths(folders).unwrap().into_string().unwrap();
        let service = Service::start_alone("media").await.with("PATH", &path);
        let boot = Arc::new(service.boot());
        Self {
            app: service.app(operations::routes),
            films: Bucket::new(service.aws(), service.var("BUCKET_MEDIA")),
            uploads: Bucket::new(service.aws(), service.var("BUCKET_UPLOADS")),
            workers: Workers::new(&service, boot.clone()),
            boot,
        }
    }

    /// Drops a file into the inbox and works until it is over.
    pub async fn make(&self, file: &Path) -> Outcomes {
        let object = self.put(file).await;
        let (began, mut ticked) = (Instant::now(), Instant::now());
        let deadline = Deadline::unlimited(self.boot.world());
        let notified =
            operations::consumers::start_ingest(&self.boot).unwrap().consume(object.clone(), &deadline).await;
        assert_eq!(notified, Outcome::Done);
        let identity = object.version.clone().expect("a versioned bucket");
        let source = Object { bucket: object.bucket, key: object.key, version: object.version, identity };
        let path = format!("/v1/admin/assets/{}", source.asset_id());
        loop {
            for (message, trace) in self.workers.take().await {
                assert_eq!(trace::within(trace, self.workers.deliver(&message)).await, Outcome::Done, "{message:?}");
            }
            let asset = self.app.get(&path).token(&Token::role("editor")).send().await.expect(200);
            let seconds = began.elapsed().as_secs_f64();
            if asset["state"] == "ready" || asset["state"] == "failed" || began.elapsed() > PATIENCE {
                return Outcomes { asset, seconds };
            }
            if ticked.elapsed() > TICK {
                ticked = Instant::now();
                let reconcile = operations::consumers::reconcile(&self.boot).unwrap();
                assert_eq!(reconcile.consume(Tick { time: None }, &deadline).await, Outcome::Done);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn put(&self, file: &Path) -> S3Object {
        let key = format!("inbox/{}", file.file_name().unwrap_or_default().to_string_lossy());
        let size = file.metadata().unwrap().len();
        let body = ByteStream::from_path(file).await.unwrap();
        let put = self.uploads.client.put_object().bucket(&self.uploads.name).key(&key).body(body);
        let put = put.send().await.unwrap();
        S3Object { bucket: self.uploads.name.clone(), key, version: put.version_id, sequencer: Some("1".into()), size }
    }
}
