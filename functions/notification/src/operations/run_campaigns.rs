//! Every minute: campaigns whose time has come tell their people, round by round.
//!
//! A round is one transaction: whom it tells and how far the campaign is are committed together. A crash or a second run neither tells anybody twice
//! nor leaves anybody out, and one that is stopped ends with the round.

use events::{Consumer, Deadline, Outbox, Outcome, Transaction};
use kernel::{AccountId, CampaignId, Locale, World};
use runtime::Tick;
use stores::StoreError;
use time::Duration;

use crate::{
    campaign::Campaign,
    handout,
    language::Language,
    store::{
        self,
        campaigns::{self, Round},
        erased_accounts,
    },
};

/// How many accounts one transaction looks at.
const ROUND: i64 = 50;
/// Rounds of one run, of all campaigns: codes wait in the same queue, and what sends mails takes so many a second.
const ROUNDS: usize = 10;
/// A round must be able to end.
const ROUND_TIME: Duration = Duration::seconds(5);

runtime::wire! { pub struct RunCampaigns { outbox: Outbox = store::deliveries_outbox, world: World } }

impl Consumer<Tick> for RunCampaigns {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        match self.run(deadline).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}

impl RunCampaigns {
    /// By turns: no campaign waits for the end of another, or fails with it. What is left over comes in the next run.
    async fn run(&self, deadline: &Deadline) -> Result<(), StoreError> {
        let mut due = campaigns::due(self.outbox.pool(), self.world.now()).await?;
        let (mut left, mut failure) = (ROUNDS, None);
        while !due.is_empty() {
            let mut going_on = Vec::new();
            for campaign in due {
                if left == 0 || !deadline.allows(ROUND_TIME) {
                    return failure.map_or(Ok(()), Err);
                }
                left -= 1;
                match self.round(campaign).await {
                    Ok(true) => going_on.push(campaign),
                    Ok(false) => {}
                    Err(error) => {
                        tracing::error!(campaign_id = %campaign, %error, "a campaign is left to the next run");
                        failure = Some(error);
                    }
                }
            }
            due = going_on;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Whether there may be more to do.
    async fn round(&self, id: CampaignId) -> Result<bool, StoreError> {
        self.outbox
            .transact(async |tx| {
                let now = self.world.now();
                let Some((campaign, after)) = campaigns::lock(tx, id, now).await? else { return Ok(false) };
                let audience = campaigns::audience(tx, &campaign.segment, after, ROUND).await?;
                let last = audience.last().map(|(account, _)| *account);
                let mut round = Round::default();
                for (account, locale) in audience {
                    self.tell(tx, &campaign, (account, &locale), &mut round).await?;
                }
                campaigns::advance(tx, id, last, round, now).await?;
                tracing::info!(campaign_id = %id, told = round.told, capped = round.capped, is_done = last.is_none(), "a campaign goes on");
                Ok(last.is_some())
            })
            .await
    }

    async fn tell(
        &self,
        tx: &mut Transaction<'_>,
        campaign: &Campaign,
        (account, locale): (AccountId, &Locale),
        round: &mut Round,
    ) -> Result<(), sqlx::Error> {
        if erased_accounts::contains(tx, account).await? {
            return Ok(());
        }
        if campaigns::is_capped(tx, account, campaign.cap, self.world.now()).await? {
            round.capped += 1;
            return Ok(());
        }
        round.told += 1;
        handout::tell(tx, &self.world, account, &campaign.notice(Language::of(locale))).await
    }
}
