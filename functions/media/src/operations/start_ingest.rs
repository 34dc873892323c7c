//! Bucket `uploads` → one workflow per version of an object, however often and in whatever order S3 tells of it.

use events::{Consumer, Deadline, Outcome};
use runtime::S3Object;

use crate::{
    assets::{job::JobKind, object::Object},
    pipeline::Pipeline,
};

runtime::wire! { pub struct StartIngest { pipeline: Pipeline = |boot| Pipeline::wire(boot, &[JobKind::Probe]) } }

impl Consumer<S3Object> for StartIngest {
    async fn consume(&self, object: S3Object, _: &Deadline) -> Outcome {
        // Consoles mark folders with empty objects.
        if object.key.ends_with('/') {
            return Outcome::Done;
        }
        let Some(identity) = object.version.clone().or(object.sequencer) else {
            return Outcome::poison("the notification names neither a version nor a sequencer");
        };
        let source = Object { bucket: object.bucket, key: object.key, version: object.version, identity };
        match self.pipeline.ingest(&source, object.size).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}
