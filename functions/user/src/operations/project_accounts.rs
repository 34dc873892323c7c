//! `account_verified` → the account with its default profile, under the id that auth has minted.

use events::{Consumer, Deadline, Event, Letter, Outbox, Outcome, outbox::Posted};
use kernel::World;
use proto::auth::AccountVerified;
use runtime::{Boot, BootError};
use sqlx::PgConnection;
use stores::PgPool;

use crate::{account::Verified, profile::Profile, store};

struct Accounts {
    pool: PgPool,
    outbox: Outbox,
    world: World,
}

impl Accounts {
    async fn apply(&self, account: Verified, sequence: i64) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let posted = self.put(&mut transaction, &account, sequence).await;
        self.outbox.settle(transaction, posted.map(|posted| ((), posted))).await
    }

    async fn put(
        &self,
        transaction: &mut PgConnection,
        account: &Verified,
        sequence: i64,
    ) -> Result<Posted, sqlx::Error> {
        if store::erasures::is_erased(transaction, account.id).await? {
            return Ok(Posted::default());
        }
        store::put_account(transaction, account, sequence).await?;
        let profile = Profile::first(account.default_profile, account.locale.clone());
        let is_new = store::add_profile(transaction, account.id, &profile, account.verified_at).await?;
        let news = is_new.then(|| Letter::event(&profile.changed(&self.world, account.id, 1)));
        self.outbox.post(transaction, news).await
    }
}

impl Consumer<Event> for Accounts {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let data = match event.data::<AccountVerified>() {
            Ok(data) => data,
            Err(error) => return Outcome::poison(error),
        };
        match Verified::try_from(data) {
            Ok(account) => match self.apply(account, event.sequence).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::retry(error),
            },
            Err(error) => Outcome::poison(error),
        }
    }
}

/// The schema and its outbox.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Accounts { pool: boot.postgres()?, outbox: store::public_outbox(boot)?, world: boot.world() })
}
