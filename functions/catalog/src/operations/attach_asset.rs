//! What the pipeline reports becomes part of the titles: a ready film is attached, a failure shown to editors, a dropped file made a draft.

use events::{Consumer, Deadline, Event, Outbox, Outcome, Transaction, contracts::AssetNews};
use kernel::World;

use crate::{
    asset::{Asset, Failure, Finding, Report},
    change::{self, Author, ChangeError},
    draft::Draft,
    store::{asset_reports, deleted_titles, titles},
};

runtime::wire! { pub struct AttachAsset { outbox: Outbox, world: World } }

/// The actor in the audit.
const ACTOR: &str = "catalog-attach-asset";

impl Consumer<Event> for AttachAsset {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let asset = match events::Asset::read(&event) {
            Ok(asset) => asset,
            Err(error) => return Outcome::poison(error),
        };
        match self.outbox.transact(async |tx| self.apply(tx, asset).await).await {
            Ok(()) => Outcome::Done,
            Err(ChangeError::Sql(error)) => Outcome::retry(error),
            Err(error) => Outcome::poison(error),
        }
    }
}

impl AttachAsset {
    async fn apply(&self, tx: &mut Transaction<'_>, asset: events::Asset) -> Result<(), ChangeError> {
        let events::Asset { id, sequence, title, at, filename, news } = asset;
        // A film may be reported before the title that a dropped file makes: the second of the two must see the first.
        titles::lock_id(tx, title).await?;
        if deleted_titles::contains(tx, title).await? {
            tracing::info!(title_id = %title, "report about a title that was deleted");
            return Ok(());
        }
        let finding = match news {
            AssetNews::Dropped => Finding::Dropped,
            AssetNews::Ready(ready) => Finding::Ready(Asset::new(id, ready)),
            AssetNews::Failed { code, detail } => Finding::Failed(Failure { asset_id: id, code, detail }),
        };
        self.attach(tx, Report { asset: id, title, sequence, at, filename, finding }).await
    }

    async fn attach(&self, tx: &mut Transaction<'_>, report: Report) -> Result<(), ChangeError> {
        asset_reports::keep(tx, &report).await?;
        let reports = asset_reports::of_title(tx, report.title).await?;
        match titles::lock(tx, report.title).await? {
            Some(before) => {
                let after = before.with_reports(&reports);
                change::save(tx, &self.author(), "asset_changed", &before, after).await.map(drop)
            }
            None if report.finding == Finding::Dropped => {
                let draft = Draft::of_file(report.filename.as_deref().unwrap_or_default());
                change::create(tx, &self.author(), report.title, draft, &reports).await.map(drop)
            }
            None => {
                tracing::info!(title_id = %report.title, "report about a title that is not there yet");
                Ok(())
            }
        }
    }

    fn author(&self) -> Author<'_> {
        Author { world: &self.world, actor: ACTOR }
    }
}
