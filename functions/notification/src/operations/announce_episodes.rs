//! Every 15 minutes: whoever has a series on a list or watches it hears that it has new episodes, each account once for each day.
//!
//! What is kept of titles, lists and viewings comes from `announce_leaving` (docs/architecture/0068-new-episodes.md). A round is one transaction, and
//! whoever was told is left out: a crash, a second run or a late one neither tells anybody twice nor leaves anybody out.

use events::{Consumer, Deadline, Outbox, Outcome};
use kernel::{AccountId, World};
use runtime::Tick;
use stores::StoreError;
use time::{Duration, OffsetDateTime};

use crate::{
    episodes::Release,
    handout,
    store::{self, episodes, erased_accounts},
};

/// How many accounts one transaction tells.
const ROUND: usize = 50;
/// A round must be able to end.
const ROUND_TIME: Duration = Duration::seconds(5);

runtime::wire! { pub struct AnnounceEpisodes { outbox: Outbox = store::deliveries_outbox, world: World } }

impl Consumer<Tick> for AnnounceEpisodes {
    /// By the clock and not by when the run was due.
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        match self.run(deadline).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}

impl AnnounceEpisodes {
    /// By turns: no series waits for the end of another, or fails with it. What is left over comes in the next run.
    async fn run(&self, deadline: &Deadline) -> Result<(), StoreError> {
        let now = self.world.now();
        let recent = episodes::recent(self.outbox.pool(), now).await?;
        let mut releases: Vec<(Release, Option<AccountId>)> = recent
            .iter()
            .flat_map(|series| Release::all(series.id, &series.names, &series.episodes, now))
            .map(|release| (release, None))
            .collect();
        // What is soon no news any more comes first.
        releases.sort_by_key(|(release, _)| release.day);
        let mut failure = None;
        while !releases.is_empty() {
            let mut going_on = Vec::new();
            for (release, after) in releases {
                if !deadline.allows(ROUND_TIME) {
                    return failure.map_or(Ok(()), Err);
                }
                match self.round(&release, after, now).await {
                    Ok(None) => {}
                    Ok(last) => going_on.push((release, last)),
                    Err(error) => {
                        tracing::error!(title_id = %release.series, %error, "new episodes are left to the next run");
                        failure = Some(error);
                    }
                }
            }
            releases = going_on;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Tells the next accounts; returns the last of them where there may be more.
    async fn round(
        &self,
        release: &Release,
        after: Option<AccountId>,
        now: OffsetDateTime,
    ) -> Result<Option<AccountId>, StoreError> {
        let limit = i64::try_from(ROUND).unwrap_or(i64::MAX);
        self.outbox
            .transact(async |tx| {
                let accounts = episodes::interested(tx, release, after, now, limit).await?;
                for account in &accounts {
                    if !erased_accounts::contains(tx, *account).await? {
                        handout::tell(tx, &self.world, *account, &release.notice()).await?;
                    }
                }
                if !accounts.is_empty() {
                    tracing::info!(title_id = %release.series, accounts = accounts.len(), "new episodes are told");
                }
                Ok(accounts.last().copied().filter(|_| accounts.len() == ROUND))
            })
            .await
    }
}
