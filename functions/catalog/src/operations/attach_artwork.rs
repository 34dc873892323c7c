//! Queue `artwork` → what became of an editor's picture becomes part of the title. The latest upload wins, in whatever order reports come.

use events::{Consumer, Deadline, Outbox, Outcome, Transaction};
use kernel::World;
use runtime::SqsMessage;

use crate::{
    artwork::Report,
    change::{self, Author, ChangeError},
    pictures::{KEPT, superseded},
    store::{artwork_uploads, titles},
};

runtime::wire! { pub struct AttachArtwork { outbox: Outbox, world: World } }

/// The actor in the audit.
const ACTOR: &str = "catalog-attach-artwork";

/// Why a report is not applied.
#[derive(Debug, thiserror::Error)]
enum AttachError {
    #[error("not what can become of this upload")]
    Implausible,
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<sqlx::Error> for AttachError {
    fn from(error: sqlx::Error) -> Self {
        Self::Change(error.into())
    }
}

impl Consumer<SqsMessage> for AttachArtwork {
    async fn consume(&self, message: SqsMessage, _: &Deadline) -> Outcome {
        let report: Report = match serde_json::from_str(&message.body) {
            Ok(report) => report,
            Err(error) => return Outcome::poison(error),
        };
        match self.outbox.transact(async |tx| self.apply(tx, &report).await).await {
            Ok(()) => Outcome::Done,
            Err(AttachError::Change(ChangeError::Sql(error))) => Outcome::retry(error),
            Err(error) => Outcome::poison(error),
        }
    }
}

impl AttachArtwork {
    async fn apply(&self, tx: &mut Transaction<'_>, report: &Report) -> Result<(), AttachError> {
        let now = self.world.now();
        // The title is locked before its uploads, as everybody does.
        let found = match artwork_uploads::find(tx, report.upload_id).await? {
            Some((id, kind)) => titles::lock(tx, id).await?.map(|title| (title, kind)),
            None => None,
        };
        let kept = match &found {
            Some((_, kind)) if !report.is_plausible(*kind) => return Err(AttachError::Implausible),
            Some(_) => artwork_uploads::keep(tx, report).await?,
            None => false,
        };
        let Some((before, _)) = found.filter(|_| kept) else {
            // It was taken back, or a later one is the picture: what was made of it goes.
            tracing::info!(artwork_id = %report.upload_id, "report of a picture that nobody waits for");
            return Ok(artwork_uploads::leave(tx, &[report.upload_id], now + KEPT).await?);
        };
        let uploads = artwork_uploads::of_title(tx, before.id).await?;
        let after = before.with_uploads(&uploads);
        artwork_uploads::leave(tx, &superseded(&uploads, now), now + KEPT).await?;
        let author = Author { world: &self.world, actor: ACTOR };
        change::save(tx, &author, "artwork_changed", &before, after).await?;
        Ok(())
    }
}
