//! Bucket `imports` → what a file says, and which titles it means. However often S3 tells of a file, its import is read once; a file that no import
//! waits for is deleted unread.

use std::io::{self, Read};

use events::{Consumer, Deadline, Outcome};
use kernel::{HistoryImportId, World};
use runtime::{Access, S3Object};
use sqlx::PgPool;
use stores::{Bucket, StoreError, postgres};
use tokio::sync::mpsc;

use crate::{
    import::{
        contents::{Contents, FileError, MAX_BYTES},
        file::{self, Guess},
        preview::Preview,
        words::Refusal,
    },
    store::{
        import_files, import_lines, import_titles,
        imports::{self, Waiting},
    },
};

/// Chunks that were fetched and not read yet.
const AHEAD: usize = 8;

runtime::wire! {
    pub struct MatchImport {
        pool: PgPool,
        files: Bucket = |boot| boot.bucket("imports", Access::ReadWrite),
        world: World,
    }
}

impl Consumer<S3Object> for MatchImport {
    async fn consume(&self, object: S3Object, _: &Deadline) -> Outcome {
        let Some(id) = import_files::import_of(&object.key) else {
            return Outcome::poison("the key names no import");
        };
        match self.take(id, object.size).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}

impl MatchImport {
    async fn take(&self, id: HistoryImportId, size: u64) -> Result<(), StoreError> {
        if let Some(import) = imports::waiting(&self.pool, id).await? {
            let contents = if size > MAX_BYTES { Err(Refusal::FileTooLarge) } else { self.read(&import).await? };
            match contents {
                Ok(contents) => self.keep(import, contents).await?,
                Err(refusal) => {
                    tracing::info!(%refusal, "the file of an import is refused");
                    imports::refuse(&self.pool, id, refusal).await?;
                }
            }
        }
        import_files::delete(&self.files, id).await
    }

    async fn keep(&self, import: Waiting, contents: Contents) -> Result<(), StoreError> {
        let counts = (contents.lines, contents.skipped);
        let now = self.world.now();
        let catalogue = import_titles::load(&self.pool, &import.audience, now, &contents.entries).await?;
        let preview = Preview::of(contents, &catalogue);
        postgres::transact(&self.pool, async |tx| {
            if imports::read(tx, import.id, counts, &preview).await? {
                import_lines::add(tx, import.id, &preview.lines).await?;
            }
            Ok(())
        })
        .await
    }

    /// What the file says, or why it cannot be read. A file that is in no Unicode is looked at once more.
    async fn read(&self, import: &Waiting) -> Result<Result<Contents, Refusal>, StoreError> {
        match self.read_as(import, Guess::Utf8).await? {
            Err(Refusal::UnknownEncoding) => self.read_as(import, Guess::Windows1251).await,
            read => Ok(read),
        }
    }

    /// The bytes go from S3 to the reader as they come, a few chunks ahead of it.
    async fn read_as(&self, import: &Waiting, guess: Guess) -> Result<Result<Contents, Refusal>, StoreError> {
        let broken = |detail: String| StoreError { engine: "s3", detail };
        let Some(mut body) = import_files::open(&self.files, import.id).await? else {
            return Err(broken("the file of a waiting import is not there".to_owned()));
        };
        let (sender, receiver) = mpsc::channel(AHEAD);
        let (options, now) = (import.options.clone(), self.world.now());
        let reading = tokio::task::spawn_blocking(move || file::read(&options, guess, Chunks::new(receiver), now));
        let (mut bytes, mut ended) = (0, Ok(()));
        while let Some(chunk) = body.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk.to_vec(),
                Err(error) => {
                    ended = Err(StoreError::new("s3", error));
                    break;
                }
            };
            bytes += chunk.len() as u64;
            // Whoever reads has seen enough, or there is too much.
            if bytes > MAX_BYTES || sender.send(chunk).await.is_err() {
                break;
            }
        }
        drop(sender);
        let read = reading.await.map_err(|error| broken(error.to_string()))?;
        ended?;
        match read {
            _ if bytes > MAX_BYTES => Ok(Err(Refusal::FileTooLarge)),
            Ok(contents) => Ok(Ok(contents)),
            Err(FileError::Refused(refusal)) => Ok(Err(refusal)),
            Err(FileError::Broken(error)) => Err(broken(error.to_string())),
        }
    }
}

/// What comes through a channel, as a file.
struct Chunks {
    receiver: mpsc::Receiver<Vec<u8>>,
    chunk: io::Cursor<Vec<u8>>,
}

impl Chunks {
    fn new(receiver: mpsc::Receiver<Vec<u8>>) -> Self {
        Self { receiver, chunk: io::Cursor::default() }
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.chunk.read(buffer)? {
                0 if !buffer.is_empty() => match self.receiver.blocking_recv() {
                    Some(chunk) => self.chunk = io::Cursor::new(chunk),
                    None => return Ok(0),
                },
                read => return Ok(read),
            }
        }
    }
}
