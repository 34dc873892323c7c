//! Invoices: made open, numbered when they are paid.

use kernel::{AccountId, Id, InvoiceId, Languages, Money, MoneyError, Names, PurchaseId, RefundId, SubscriptionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    language::{Language, sold},
    purchase::Purchase,
    subscription::Bill,
    terms::Terms,
    word::words,
};

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
    /// What is sold and for how long or how: `standard, month`.
    pub description: String,
    /// What the first half of the description is called; none in what was invoiced before names were kept.
    pub names: Names,
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
        let sold = Sold { terms: bill.terms, percent_off: bill.percent_off };
        let period = Some(bill.period);
        let invoice = Self::open(id, account, Kind::Period, bill.amount, Seller::of(&sold), Goods::of(&sold), now)?;
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
        let invoice = Self::open(id, account, Kind::Change, amount, Seller::of(&sold), Goods::of(&sold), now)?;
        Ok(Self { subscription: Some(subscription), period: Some(period), sold: Some(sold), ..invoice })
    }

    /// Whether it sells a plan on these terms.
    pub fn brings(&self, terms: &Terms) -> bool {
        self.sold.as_ref().is_some_and(|sold| sold.terms == *terms)
    }

    /// Of a single title; `name` is what it is called in the language of whoever pays.
    ///
    /// # Errors
    /// When the tax cannot be reckoned.
    pub fn of_purchase(
        account: AccountId,
        purchase: &Purchase,
        (tax_basis_points, seller): (u16, &str),
        (name, names): (&str, Names),
        now: OffsetDateTime,
    ) -> Result<Self, MoneyError> {
        let id = InvoiceId::derived(&format!("{} purchase", purchase.id));
        let goods = Goods { description: format!("{name}, {}", purchase.kind), names };
        let seller = Seller { tax_basis_points, seller };
        let invoice = Self::open(id, account, Kind::Purchase, purchase.amount, seller, goods, now)?;
        Ok(Self { purchase: Some(purchase.id), ..invoice })
    }

    fn open(
        id: InvoiceId,
        account: AccountId,
        kind: Kind,
        amount: Money,
        Seller { tax_basis_points, seller }: Seller<'_>,
        Goods { description, names }: Goods,
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
            names,
            sold: None,
            covers_from: None,
            covers_to: None,
            seller: seller.to_owned(),
            number: None,
            issued_at: None,
            created_at: now,
        })
    }

    /// What is sold, called as its reader calls it, and the word for how long or how: the two halves of the description.
    pub fn item(&self, reader: &Languages) -> (&str, &str) {
        let (name, word) = self.description.rsplit_once(", ").unwrap_or((&self.description, ""));
        (if self.names.is_empty() { name } else { self.names.for_reader(reader) }, word)
    }

    /// The description in the words of its reader.
    pub fn described(&self, reader: &Languages) -> String {
        match self.item(reader) {
            (name, "") => name.to_owned(),
            (name, word) => format!("{name}, {}", sold(word, Language::of(reader))),
        }
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

/// What is sold, in words.
struct Goods {
    description: String,
    names: Names,
}

impl Goods {
    fn of(Sold { terms, .. }: &Sold) -> Self {
        Self { description: format!("{}, {}", terms.plan, terms.period), names: terms.names.clone() }
    }
}

/// A number as it is printed: seller, year, six digits or more.
pub fn printed(seller: &str, (year, number): (i32, i64)) -> String {
    format!("{}-{year}-{number:06}", seller.to_uppercase())
}

#[cfg(test)]
mod tests;
