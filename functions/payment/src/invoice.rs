//! Invoices: made open, numbered when they are paid.

use kernel::{AccountId, Id, InvoiceId, Money, MoneyError, PurchaseId, RefundId, SubscriptionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{purchase::Purchase, subscription::Bill, terms::Terms, word::words};

words! {
    /// What an invoice is for.
    #[schema(as = InvoiceKind)]
    Kind {
        /// A period of a subscription.
        Period = "period",
        /// A better plan for the rest of a period.
        Change = "change",
        /// A single title, rented or bought.
        Purchase = "purchase",
        /// Money that was given back.
        CreditNote = "credit_note",
    }

    /// How an invoice stands.
    #[schema(as = InvoiceStatus)]
    Status {
        /// Not paid yet.
        Open = "open",
        /// Paid, and numbered.
        Paid = "paid",
        /// Will not be paid.
        Void = "void",
    }
}

/// What a subscription has once the invoice is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// Of the period.
    pub terms: Terms,
    /// What a promo took off.
    pub percent_off: u8,
}

/// An invoice as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Follows from what is invoiced.
    pub id: InvoiceId,
    /// Absent once the person was erased.
    pub account: Option<AccountId>,
    /// Whose period or change it is.
    pub subscription: Option<SubscriptionId>,
    /// The single title that it sells.
    pub purchase: Option<PurchaseId>,
    /// What it is for.
    pub kind: Kind,
    /// Of the subscription.
    pub period: Option<u32>,
    /// What a credit note corrects.
    pub corrects: Option<InvoiceId>,
    /// How it stands.
    pub status: Status,
    /// With the tax in it; negative on a credit note.
    pub amount: Money,
    /// Of the amount.
    pub tax: i64,
    /// Hundredths of a percent.
    pub tax_basis_points: u16,
    /// What people read.
    pub description: String,
    /// What is sold, for a period or a change.
    pub sold: Option<Sold>,
    /// First moment that it pays for.
    pub covers_from: Option<OffsetDateTime>,
    /// First moment that it does not.
    pub covers_to: Option<OffsetDateTime>,
    /// The legal entity that sells.
    pub seller: String,
    /// Year and number in the seller's series, once it is paid.
    pub number: Option<(i32, i64)>,
    /// When it was numbered.
    pub issued_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl Invoice {
    /// Of the next period.
    ///
    /// # Errors
    /// When the tax cannot be reckoned.
    pub fn of_period(
        account: AccountId,
        subscription: SubscriptionId,
        bill: Bill,
        now: OffsetDateTime,
    ) -> Result<Self, MoneyError> {
        let id = InvoiceId::derived(&format!("{subscription} period {}", bill.period));
        let description = describe(&bill.terms);
        let sold = Sold { terms: bill.terms, percent_off: bill.percent_off };
        let period = Some(bill.period);
        let invoice = Self::open(id, account, Kind::Period, bill.amount, Seller::of(&sold), description, now)?;
        Ok(Self { subscription: Some(subscription), period, sold: Some(sold), ..invoice })
    }

    /// Of a change within a running period, its `number`-th.
    ///
    /// # Errors
    /// When the tax cannot be reckoned.
    pub fn of_change(
        account: AccountId,
        (subscription, period, number): (SubscriptionId, u32, u32),
        amount: Money,
        sold: Sold,
        now: OffsetDateTime,
    ) -> Result<Self, MoneyError> {
        let price = sold.terms.price;
        let id = InvoiceId::derived(&format!("{subscription} change {period} {number} {price} {}", amount.minor));
        let description = describe(&sold.terms);
        let invoice = Self::open(id, account, Kind::Change, amount, Seller::of(&sold), description, now)?;
        Ok(Self { subscription: Some(subscription), period: Some(period), sold: Some(sold), ..invoice })
    }

    /// Of a single title, `name` in the language of whoever pays.
    ///
    /// # Errors
    /// When the tax cannot be reckoned.
    pub fn of_purchase(
        account: AccountId,
        purchase: &Purchase,
        (tax_basis_points, seller): (u16, &str),
        name: &str,
        now: OffsetDateTime,
    ) -> Result<Self, MoneyError> {
        let id = InvoiceId::derived(&format!("{} purchase", purchase.id));
        let description = format!("{name}, {}", purchase.kind);
        let seller = Seller { tax_basis_points, seller };
        let invoice = Self::open(id, account, Kind::Purchase, purchase.amount, seller, description, now)?;
        Ok(Self { purchase: Some(purchase.id), ..invoice })
    }

    fn open(
        id: InvoiceId,
        account: AccountId,
        kind: Kind,
        amount: Money,
        Seller { tax_basis_points, seller }: Seller<'_>,
        description: String,
        now: OffsetDateTime,
    ) -> Result<Self, MoneyError> {
        Ok(Self {
            id,
            account: Some(account),
            subscription: None,
            purchase: None,
            kind,
            period: None,
            corrects: None,
            status: Status::Open,
            amount,
            tax: amount.tax_included(tax_basis_points)?.minor,
            tax_basis_points,
            description,
            sold: None,
            covers_from: None,
            covers_to: None,
            seller: seller.to_owned(),
            number: None,
            issued_at: None,
            created_at: now,
        })
    }

    /// The name of what is sold, a plan's key or a title's, and the word for how long or how: the two halves of the description.
    pub fn item(&self) -> (&str, &str) {
        self.description.rsplit_once(", ").unwrap_or((&self.description, ""))
    }

    /// The tax in what was given back so far and in `more`: taken together, full refunds give back exactly the tax that was charged.
    ///
    /// # Errors
    /// When it cannot be reckoned.
    pub fn tax_given_back(&self, before: i64, more: i64) -> Result<i64, MoneyError> {
        let tax = Money { minor: self.tax, ..self.amount };
        let until = |minor| tax.share(minor, self.amount.minor);
        Ok(until(before.checked_add(more).ok_or(MoneyError::Overflow)?)?.minus(until(before)?)?.minor)
    }

    /// The credit note of a refund with `tax` in it: it corrects a part of this invoice, or all of it.
    ///
    /// # Errors
    /// Beyond 64 bits.
    pub fn credit(&self, refund: RefundId, amount: Money, tax: i64, now: OffsetDateTime) -> Result<Self, MoneyError> {
        let amount = Money::zero(amount.currency).minus(amount)?;
        Ok(Self {
            id: InvoiceId::derived(&format!("credit note of {refund}")),
            kind: Kind::CreditNote,
            corrects: Some(self.id),
            status: Status::Open,
            amount,
            tax: -tax,
            sold: None,
            number: None,
            issued_at: None,
            created_at: now,
            ..self.clone()
        })
    }
}

/// Who sells, and with what tax in the price.
struct Seller<'s> {
    tax_basis_points: u16,
    seller: &'s str,
}

impl<'s> Seller<'s> {
    fn of(sold: &'s Sold) -> Self {
        Self { tax_basis_points: sold.terms.tax_basis_points, seller: &sold.terms.seller }
    }
}

fn describe(terms: &Terms) -> String {
    format!("{}, {}", terms.plan, terms.period)
}

/// A number as it is printed: seller, year, six digits or more.
pub fn printed(seller: &str, (year, number): (i32, i64)) -> String {
    format!("{}-{year}-{number:06}", seller.to_uppercase())
}
