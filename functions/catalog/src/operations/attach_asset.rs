//! What the pipeline reports becomes part of the titles: a ready film is attached, a failure shown to editors, a dropped file made a draft,
//! captions are offered.

use events::{
    Consumer, Deadline, Event, Outbox, Outcome, Transaction,
    contracts::{AssetNews, ContractError},
};
use kernel::{TitleId, World};
use proto::types::CAPTIONS_CHANGED;

use crate::{
    asset::{Asset, Failure, Finding, Report},
    change::{self, Author, ChangeError},
    draft::Draft,
    store::{asset_reports, caption_reports, deleted_titles, titles},
    title::Title,
};

runtime::wire! { pub struct AttachAsset { outbox: Outbox, world: World } }

/// The actor in the audit.
const ACTOR: &str = "catalog-attach-asset";

/// What the pipeline tells.
enum Told {
    Asset(Report),
    Captions(events::Captions),
}

impl Consumer<Event> for AttachAsset {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let told = match Told::read(&event) {
            Ok(told) => told,
            Err(error) => return Outcome::poison(error),
        };
        match self.outbox.transact(async |tx| self.apply(tx, &told).await).await {
            Ok(()) => Outcome::Done,
            Err(ChangeError::Sql(error)) => Outcome::retry(error),
            Err(error) => Outcome::poison(error),
        }
    }
}

impl Told {
    fn read(event: &Event) -> Result<Self, ContractError> {
        if event.kind == CAPTIONS_CHANGED {
            return events::Captions::read(event).map(Self::Captions);
        }
        let events::Asset { id, sequence, title, at, filename, news } = events::Asset::read(event)?;
        let finding = match news {
            AssetNews::Dropped => Finding::Dropped,
            AssetNews::Ready(ready) => Finding::Ready(Asset::new(id, ready)),
            AssetNews::Failed { code, detail } => Finding::Failed(Failure { asset_id: id, code, detail }),
        };
        Ok(Self::Asset(Report { asset: id, title, sequence, at, filename, finding }))
    }

    fn title(&self) -> TitleId {
        match self {
            Self::Asset(report) => report.title,
            Self::Captions(captions) => captions.title,
        }
    }

    /// The draft that a dropped file makes.
    fn draft(&self) -> Option<Title> {
        match self {
            Self::Asset(report) if report.finding == Finding::Dropped => {
                let about = Draft::of_file(report.filename.as_deref().unwrap_or_default());
                Some(Title::new(report.title, about, vec![]).named_by_file(report.at))
            }
            Self::Asset(_) | Self::Captions(_) => None,
        }
    }
}

impl AttachAsset {
    async fn apply(&self, tx: &mut Transaction<'_>, told: &Told) -> Result<(), ChangeError> {
        let title = told.title();
        // A film may be reported before the title that a dropped file makes: the second of the two must see the first.
        titles::lock_id(tx, title).await?;
        if deleted_titles::contains(tx, title).await? {
            tracing::info!(title_id = %title, "report about a title that was deleted");
            return Ok(());
        }
        let action = match told {
            Told::Asset(report) => {
                asset_reports::keep(tx, report).await?;
                "asset_changed"
            }
            Told::Captions(captions) => {
                caption_reports::keep(tx, captions).await?;
                "captions_changed"
            }
        };
        self.attach(tx, told, action).await
    }

    async fn attach(&self, tx: &mut Transaction<'_>, told: &Told, action: &str) -> Result<(), ChangeError> {
        let title = told.title();
        let reports = asset_reports::of_title(tx, title).await?;
        let captions = caption_reports::of_title(tx, title).await?;
        let author = Author { world: &self.world, actor: ACTOR };
        if let Some(before) = titles::lock(tx, title).await? {
            let after = before.with_reports(&reports, &captions);
            change::save(tx, &author, action, &before, after).await?;
        } else if let Some(draft) = told.draft() {
            change::create_as_is(tx, &author, "created", draft.with_reports(&reports, &captions)).await?;
        } else {
            tracing::info!(title_id = %title, "report about a title that is not there yet");
        }
        Ok(())
    }
}
