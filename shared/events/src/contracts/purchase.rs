//! `cinema.payment.purchase_changed.v1` and `cinema.payment.rental_announced.v1`: a single title that somebody pays for.

use kernel::{AccountId, PurchaseId, PurchaseKind, TitleId, policy::TitleGrant};
use proto::{payment, types};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, moment, optional_moment, parse, subject, words},
};
use crate::Event;

/// The newest state of a purchase that was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Its version: the highest wins.
    pub sequence: i64,
    /// Who pays.
    pub account: AccountId,
    /// How it stands.
    pub status: PurchaseStatus,
    /// What it brings while it is active.
    pub grant: TitleGrant,
}

words! {
    /// How a purchase stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    PurchaseStatus {
        /// Paid, and not given back.
        Active = "active",
        /// Over, or given back.
        Ended = "ended",
    }
}

impl Purchase {
    /// Reads `purchase_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: payment::PurchaseChanged = data(event, &[types::PURCHASE_CHANGED])?;
        let purchase = subject(event, "purchase_id", &data.purchase_id)?;
        Ok(Self {
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            status: parse("status", &data.status)?,
            grant: grant(purchase, &data.title_id, &data.kind, &data.valid_to)?,
        })
    }
}

/// A rental that ends soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingRental {
    /// The purchase.
    pub purchase: PurchaseId,
    /// Its version.
    pub sequence: i64,
    /// Whose.
    pub account: AccountId,
    /// What was rented.
    pub title: TitleId,
    /// First moment without it.
    pub ends_at: OffsetDateTime,
    /// Whether its first second was played.
    pub has_begun: bool,
}

impl EndingRental {
    /// Reads `rental_announced`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: payment::RentalAnnounced = data(event, &[types::RENTAL_ANNOUNCED])?;
        Ok(Self {
            purchase: subject(event, "purchase_id", &data.purchase_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            title: parse("title_id", &data.title_id)?,
            ends_at: moment("ends_at", &data.ends_at)?,
            has_begun: data.has_begun,
        })
    }
}

/// What a purchase brings. A rental must say until when.
pub(super) fn grant(
    purchase: PurchaseId,
    title: &str,
    kind: &str,
    valid_to: &str,
) -> Result<TitleGrant, ContractError> {
    let title: TitleId = parse("title_id", title)?;
    let kind: PurchaseKind = parse("kind", kind)?;
    let valid_to: Option<OffsetDateTime> = optional_moment("valid_to", valid_to)?;
    if kind == PurchaseKind::Rent && valid_to.is_none() {
        return Err(ContractError::new("valid_to", "is not there: only what was bought has no end"));
    }
    Ok(TitleGrant { title, purchase, kind, valid_to })
}
