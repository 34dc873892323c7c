//! `account_verified` → the account with its default profile, under the id that auth has minted.

use events::{Account, Consumer, Deadline, Event, Outbox, Outcome, project};
use kernel::World;
use stores::StoreError;

use crate::{
    profile::Profile,
    store::{accounts, erased_accounts, profiles},
};

runtime::wire! { pub struct ProjectAccounts { outbox: Outbox, world: World } }

impl Consumer<Event> for ProjectAccounts {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, Account::read, async |account| self.put(&account).await).await
    }
}

impl ProjectAccounts {
    async fn put(&self, account: &Account) -> Result<(), StoreError> {
        self.outbox
            .transact(async |tx| {
                if erased_accounts::contains(tx, account.id).await? {
                    return Ok(());
                }
                accounts::put(tx, account).await?;
                let profile = Profile::first(account.default_profile, account.locale.clone());
                if profiles::add(tx, account.id, &profile, account.verified_at).await? {
                    tx.emit(&profile.changed(&self.world, account.id, 1)).await?;
                }
                Ok(())
            })
            .await
    }
}
