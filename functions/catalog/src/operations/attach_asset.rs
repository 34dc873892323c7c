//! What the pipeline reports becomes part of the titles: a ready film is attached, a failure shown to editors, a dropped file made a draft.

use events::{Consumer, Deadline, Event, Outbox, Outcome, Transaction};
use kernel::{TitleId, World};

use crate::{
    asset::{News, Report},
    change::{self, Author, ChangeError},
    draft::Draft,
    store::{asset_reports, titles},
    text::Name,
};

runtime::wire! { pub struct AttachAsset { outbox: Outbox, world: World } }

/// The actor in the audit.
const ACTOR: &str = "catalog-attach-asset";

impl Consumer<Event> for AttachAsset {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let news = match News::of(&event) {
            Ok(news) => news,
            Err(reason) => return Outcome::poison(reason),
        };
        match self.outbox.transact(async |tx| self.apply(tx, &news).await).await {
            Ok(()) => Outcome::Done,
            Err(ChangeError::Sql(error)) => Outcome::retry(error),
            Err(error) => Outcome::poison(error),
        }
    }
}

impl AttachAsset {
    async fn apply(&self, tx: &mut Transaction<'_>, news: &News) -> Result<(), ChangeError> {
        // A film may be reported before the title that a dropped file makes: the second of the two must see the first.
        titles::lock_id(tx, news.title()).await?;
        match news {
            News::Ended(report) => self.attach(tx, report).await,
            News::Dropped { title, name } => self.draft(tx, *title, name).await,
        }
    }

    async fn attach(&self, tx: &mut Transaction<'_>, report: &Report) -> Result<(), ChangeError> {
        asset_reports::keep(tx, report).await?;
        let Some(before) = titles::lock(tx, report.title).await? else {
            tracing::info!(title_id = %report.title, "report about a title that is not there yet");
            return Ok(());
        };
        let after = before.with_reports(&asset_reports::of_title(tx, before.id).await?);
        change::save(tx, &self.author(), "asset_changed", &before, after).await.map(drop)
    }

    async fn draft(&self, tx: &mut Transaction<'_>, title: TitleId, name: &Name) -> Result<(), ChangeError> {
        if titles::lock(tx, title).await?.is_some() {
            return Ok(());
        }
        let reports = asset_reports::of_title(tx, title).await?;
        change::create(tx, &self.author(), title, Draft::of_film(name.clone()), &reports).await.map(drop)
    }

    fn author(&self) -> Author<'_> {
        Author { world: &self.world, actor: ACTOR }
    }
}
