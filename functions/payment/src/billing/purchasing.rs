//! Single titles: sold for an invoice, handed over when it is paid, told to whoever lets people watch.

use events::{Event, Transaction};
use kernel::{
    AccountId, PaymentId, PurchaseKind, World,
    policy::{ADULT, Audience, Basis, TitleRules, Visibility, may_watch, visibility},
};
use proto::{payment as told, types};
use time::OffsetDateTime;

use super::{Billing, BillingError, Through, text};
use crate::{
    invoice::Invoice,
    purchase::{Purchase, Status},
    store::{invoices, purchases, subscriptions, titles},
};

impl Billing {
    /// Opens the invoice of a new purchase and notes an attempt to collect it. The caller then calls [`Self::collect`], after the commit.
    pub(crate) async fn bill_purchase(
        &self,
        tx: &mut Transaction<'_>,
        invoice: Invoice,
        through: Through,
    ) -> Result<Option<PaymentId>, BillingError> {
        let Some(invoice) = self.open(tx, invoice).await? else { return Ok(None) };
        self.intend(tx, &invoice, through).await
    }

    /// The money for a purchase came. `false` when it is not needed: the title was withdrawn meanwhile, or the account has as much of it already.
    /// Then it goes back.
    pub(super) async fn hand_over(
        &self,
        tx: &mut Transaction<'_>,
        purchase: &mut Purchase,
        invoice: &mut Invoice,
    ) -> Result<bool, BillingError> {
        let now = self.world.now();
        if purchase.status != Status::Pending {
            invoices::void(tx, invoice.id, now).await?;
            return Ok(false);
        }
        if !self.is_wanted(tx, purchase, now).await? {
            purchase.status = Status::Refunded;
            purchases::put(tx, purchase).await?;
            invoices::void(tx, invoice.id, now).await?;
            return Ok(false);
        }
        purchase.pay(now);
        invoices::issue(tx, invoice, None, now).await?;
        put_purchase(&self.world, tx, purchase).await?;
        self.give_up_covered(tx, purchase, now).await?;
        Ok(true)
    }

    /// Nobody pays any more for what brings nothing beside what was just paid.
    async fn give_up_covered(
        &self,
        tx: &mut Transaction<'_>,
        paid: &Purchase,
        now: OffsetDateTime,
    ) -> Result<(), BillingError> {
        let Some(account) = paid.account else { return Ok(()) };
        for mut other in purchases::lock_running(tx, account, paid.title).await? {
            if other.id != paid.id && paid.covers(other.kind, now) && other.decline() {
                purchases::put(tx, &mut other).await?;
                invoices::void_purchase(tx, other.id, now).await?;
            }
        }
        Ok(())
    }

    /// Whether the title is still sold where it was to be bought, and nothing that is paid covers it.
    async fn is_wanted(
        &self,
        tx: &mut Transaction<'_>,
        purchase: &Purchase,
        now: OffsetDateTime,
    ) -> Result<bool, BillingError> {
        let Some(account) = purchase.account else { return Ok(false) };
        let title = titles::find(&mut **tx, purchase.title).await?;
        // The age was looked at when it was bought.
        let buyer = Audience { territory: purchase.territory.clone(), max_rating: ADULT };
        let Some(title) = title.filter(|title| visibility(&title.rules, &buyer, now) == Visibility::Visible) else {
            tracing::warn!(purchase = %purchase.id, "the title was withdrawn before it was paid");
            return Ok(false);
        };
        if purchase.kind == PurchaseKind::Rent && is_included(tx, account, (&title.rules, &buyer), now).await? {
            return Ok(false);
        }
        let others = purchases::lock_running(tx, account, purchase.title).await?;
        Ok(!others.iter().any(|other| other.id != purchase.id && other.covers(purchase.kind, now)))
    }
}

/// Whether the account's plan brings the title, today and with the next period: then nothing is had by renting it.
pub(crate) async fn is_included(
    tx: &mut Transaction<'_>,
    account: AccountId,
    (rules, audience): (&TitleRules, &Audience),
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let newest = subscriptions::find_newest(&mut **tx, account).await?;
    let plan = newest.and_then(|newest| newest.state.going_on());
    Ok(may_watch(rules, audience, plan.as_ref().into(), now) == Ok(Basis::Plan))
}

/// Writes a held purchase and tells everybody.
pub(crate) async fn put_purchase(
    world: &World,
    tx: &mut Transaction<'_>,
    purchase: &mut Purchase,
) -> Result<(), sqlx::Error> {
    purchases::put(tx, purchase).await?;
    let Some(account) = purchase.account else { return Ok(()) };
    let status = if purchase.status == Status::Active { "active" } else { "ended" };
    let data = told::PurchaseChanged {
        account_id: account.to_string(),
        purchase_id: purchase.id.to_string(),
        title_id: purchase.title.to_string(),
        kind: purchase.kind.to_string(),
        status: status.to_owned(),
        valid_to: purchase.valid_to().map_or_else(String::new, text),
    };
    tx.emit(&Event::new(world, types::PURCHASE_CHANGED, purchase.id, purchase.version, &data)).await
}
