//! Every 15 minutes: what somebody wants to be told together is sent once a day, at the time of their own clock.
//!
//! Taking what is due and handing the mails out are one transaction: a crash or a second run neither loses nor repeats it.

use events::{Consumer, Deadline, Outbox, Outcome};
use kernel::{AccountId, World};
use runtime::Tick;
use stores::StoreError;
use time::Duration;

use crate::{
    digest, handout,
    store::{self, deliveries, erased_accounts},
};

/// How many accounts are looked up at once.
const ROUND: i64 = 100;
/// One account must be able to end.
const ACCOUNT_TIME: Duration = Duration::seconds(5);

runtime::wire! { pub struct SendDigest { outbox: Outbox = store::deliveries_outbox, world: World } }

impl Consumer<Tick> for SendDigest {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        match self.run(deadline).await {
            Ok(sent) => {
                if sent > 0 {
                    tracing::info!(sent, "digests are handed out");
                }
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }
}

impl SendDigest {
    /// One account that fails keeps nobody waiting.
    async fn run(&self, deadline: &Deadline) -> Result<usize, StoreError> {
        let (now, mut after, mut sent, mut failure) = (self.world.now(), None, 0, None);
        loop {
            let due = deliveries::due_digests(self.outbox.pool(), after, now, ROUND).await?;
            let Some(last) = due.last().copied() else { return failure.map_or(Ok(sent), Err) };
            for account in due {
                // The next run goes on.
                if !deadline.allows(ACCOUNT_TIME) {
                    return failure.map_or(Ok(sent), Err);
                }
                match self.hand_out(account).await {
                    Ok(has_told) => sent += usize::from(has_told),
                    Err(error) => {
                        tracing::error!(account_id = %account, %error, "a digest is left to the next run");
                        failure = Some(error);
                    }
                }
            }
            after = Some(last);
        }
    }

    /// Whether there was something to tell.
    async fn hand_out(&self, account: AccountId) -> Result<bool, StoreError> {
        self.outbox
            .transact(async |tx| {
                if erased_accounts::contains(tx, account).await? {
                    return Ok(false);
                }
                let now = self.world.now();
                let templates = digest::of(deliveries::gather(tx, account, now).await?);
                let has_told = !templates.is_empty();
                for template in templates {
                    let id = self.world.id();
                    deliveries::add_digest(tx, id, account, &template, now).await?;
                    tx.send(handout::mail(id, account, template)).await?;
                }
                Ok(has_told)
            })
            .await
    }
}
