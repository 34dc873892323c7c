//! The receipts of all services that erase an account. With the last one auth forgets the account itself and mails the receipts to the address.

use events::{Consumer, Deadline, Event, Outbox, Outcome, Receipt, Transaction, project};
use kernel::World;
use stores::StoreError;

use crate::{
    erasure::{Erased, farewell, read_receipt, waiting},
    mail::mail,
    store::{
        self,
        erasures::{self, Asked},
    },
};

/// Auth's own receipt.
const OWN: &str = "auth";

runtime::wire! {
    pub struct CollectReceipts {
        outbox: Outbox = store::mail_outbox,
        world: World,
    }
}

impl Consumer<Event> for CollectReceipts {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let mut is_known = true;
        let outcome = project(&event, read_receipt, async |receipt| {
            let take = async |tx: &mut Transaction<'_>| self.take(tx, &receipt).await;
            is_known = self.outbox.transact(take).await?;
            Ok(())
        });
        match outcome.await {
            Outcome::Done if !is_known => Outcome::poison("a receipt for a request that nobody has made"),
            outcome => outcome,
        }
    }
}

impl CollectReceipts {
    /// `false`: there is no such request about this account.
    async fn take(&self, tx: &mut Transaction<'_>, receipt: &Receipt) -> Result<bool, StoreError> {
        let Some(asked) = erasures::open(tx, receipt).await? else { return Ok(false) };
        if asked.is_done {
            return Ok(true);
        }
        let (service, records, erased_at) = (receipt.service.clone(), receipt.records, receipt.erased_at);
        erasures::keep(tx, receipt.erasure, &Erased { service, records, erased_at }).await?;
        let answered = erasures::receipts(&mut **tx, receipt.erasure).await?;
        if waiting(answered.iter().map(|erased| erased.service.as_str())).is_empty() {
            self.finish(tx, receipt, asked).await?;
        }
        Ok(true)
    }

    async fn finish(&self, tx: &mut Transaction<'_>, receipt: &Receipt, asked: Asked) -> Result<(), StoreError> {
        let (records, now) = (erasures::erase(tx, receipt.account).await?, self.world.now());
        let own = Erased { service: OWN.to_owned(), records, erased_at: now };
        erasures::keep(tx, receipt.erasure, &own).await?;
        // The last mail to the address, which lives in the outbox until it is sent and nowhere else.
        if let Some((to, locale)) = asked.contact {
            let receipts = erasures::receipts(&mut **tx, receipt.erasure).await?;
            tx.send(mail(&self.world, &to, &locale, farewell(&receipts))).await?;
        }
        erasures::finish(tx, receipt.erasure, now).await?;
        tracing::info!(erasure_id = %receipt.erasure, "an account is erased");
        Ok(())
    }
}
