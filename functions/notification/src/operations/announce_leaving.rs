//! `title_leaving` → those who have the title on a list or left it half seen hear of it, each account once for each stage.
//!
//! Who has what on a list and how far they are is kept here as other services tell it (docs/architecture/0050-who-hears-that-a-title-leaves.md).
//! Whatever is told last, the announcement, the title, the list or the viewing, finds the others: what an event says is committed first, then
//! everybody concerned who has not heard is told. So neither copies nor order matter, and what a crash leaves undone comes again with the event.

use events::{
    Consumer, ContractError, DeadLetters, Deadline, Event, HistoryErased, Outbox, Outcome, Playback, Title,
    TitleLeaving, WatchlistChange, contracts::PlaybackChange,
};
use kernel::{AccountId, ProfileId, TitleId, World};
use proto::types;
use stores::{StoreError, postgres};
use time::Duration;

use crate::{
    handout,
    leaving::Leaving,
    store::{self, erased_accounts, leavings, preferences, titles, viewings, watchlist},
};

/// How many accounts one transaction tells.
const ROUND: i64 = 50;
/// A round must be able to end.
const ROUND_TIME: Duration = Duration::seconds(5);

runtime::wire! {
    pub struct AnnounceLeaving {
        outbox: Outbox = store::deliveries_outbox,
        dead_letters: DeadLetters = |boot| boot.dead_letters("notification-announce-leaving"),
        world: World,
    }
}

/// What an event says about titles and whom they matter to.
enum Word {
    Leaving(TitleLeaving),
    Title(Box<Title>),
    Listed(WatchlistChange),
    Stopped(Playback),
    Forgotten(HistoryErased),
    /// The stream carries what players measure as well, and where they are meanwhile.
    Nothing,
}

impl Word {
    fn read(event: &Event) -> Result<Self, ContractError> {
        match event.kind.as_str() {
            types::TITLE_CHANGED => Title::read(event).map(|title| Self::Title(Box::new(title))),
            types::WATCHLIST_CHANGED => WatchlistChange::read(event).map(Self::Listed),
            types::HISTORY_ERASED => HistoryErased::read(event).map(Self::Forgotten),
            types::PLAYER_SAMPLED => Ok(Self::Nothing),
            kind if Playback::TYPES.contains(&kind) => {
                let playback = Playback::read(event)?;
                let has_ended = matches!(playback.change, PlaybackChange::Stopped | PlaybackChange::Expired);
                Ok(if has_ended { Self::Stopped(playback) } else { Self::Nothing })
            }
            _ => TitleLeaving::read(event).map(Self::Leaving),
        }
    }

    /// Of which title there may be something to tell now, and to whom alone.
    fn concerns(&self) -> Option<(TitleId, Option<AccountId>)> {
        match self {
            Self::Leaving(leaving) => Some((leaving.title, None)),
            Self::Title(title) => Some((title.id, None)),
            Self::Listed(change) => Some((change.title, Some(change.account))),
            Self::Stopped(playback) => Some((playback.title, Some(playback.account))),
            Self::Forgotten(_) | Self::Nothing => None,
        }
    }
}

impl Consumer<Event> for AnnounceLeaving {
    async fn consume(&self, event: Event, deadline: &Deadline) -> Outcome {
        let word = match Word::read(&event) {
            Ok(word) => word,
            Err(error) => return Outcome::poison(error),
        };
        match self.apply(&word, deadline).await {
            Ok(true) => Outcome::Done,
            Ok(false) => Outcome::retry("not everybody has heard of it yet"),
            Err(error) => Outcome::retry(error),
        }
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Some(&self.dead_letters)
    }
}

impl AnnounceLeaving {
    /// `false`: the time was too short.
    async fn apply(&self, word: &Word, deadline: &Deadline) -> Result<bool, StoreError> {
        self.keep(word).await?;
        let Some((title, only)) = word.concerns() else { return Ok(true) };
        let now = self.world.now();
        let leavings = postgres::transact(self.outbox.pool(), async |tx| leavings::of(tx, title, now).await).await?;
        for leaving in &leavings {
            if !self.announce(leaving, only, deadline).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn keep(&self, word: &Word) -> Result<(), StoreError> {
        let pool = self.outbox.pool();
        match word {
            Word::Leaving(leaving) => {
                let now = self.world.now();
                postgres::transact(pool, async |tx| leavings::put(tx, leaving, now).await).await?;
            }
            Word::Title(title) => titles::put(pool, title).await?,
            Word::Listed(change) => {
                let put = async |tx: &mut _| watchlist::put(tx, change).await;
                self.keep_of(change.account, change.profile, put).await?;
            }
            Word::Stopped(playback) => {
                let put = async |tx: &mut _| viewings::put(tx, playback).await;
                self.keep_of(playback.account, playback.profile, put).await?;
            }
            Word::Forgotten(erased) => {
                let erase = async |tx: &mut _| viewings::erase(tx, erased).await;
                self.keep_of(erased.account, erased.profile, erase).await?;
            }
            Word::Nothing => {}
        }
        Ok(())
    }

    /// Keeps something of a person, unless they were erased.
    async fn keep_of(
        &self,
        account: AccountId,
        profile: ProfileId,
        keep: impl AsyncFnOnce(&mut sqlx::PgConnection) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        postgres::transact(self.outbox.pool(), async |tx| {
            if erased_accounts::contains(tx, account).await? {
                return Ok(());
            }
            viewings::lock(tx, profile).await?;
            keep(tx).await
        })
        .await
    }

    /// Tells everybody concerned who has not heard of it; `false`: the time was too short. Whoever was told is left out the next time.
    async fn announce(
        &self,
        leaving: &Leaving,
        only: Option<AccountId>,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let mut after = None;
        while deadline.allows(ROUND_TIME) {
            match self.round(leaving, only, after).await? {
                None => return Ok(true),
                last => after = last,
            }
        }
        Ok(false)
    }

    /// Tells the next accounts; returns the last of them.
    async fn round(
        &self,
        leaving: &Leaving,
        only: Option<AccountId>,
        after: Option<AccountId>,
    ) -> Result<Option<AccountId>, sqlx::Error> {
        self.outbox
            .transact(async |tx| {
                let accounts = leavings::interested(tx, leaving, only, after, ROUND).await?;
                for account in &accounts {
                    if erased_accounts::contains(tx, *account).await? {
                        continue;
                    }
                    let wishes = preferences::find(&mut **tx, *account).await?;
                    let notice = leaving.notice(&wishes.time_zone);
                    handout::hand_out(tx, &self.world, *account, &wishes, &notice).await?;
                }
                Ok(accounts.last().copied())
            })
            .await
    }
}
