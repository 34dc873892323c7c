//! `cinema.user.entitlements_changed.v1`: what an account may watch, on how many screens.

use std::collections::BTreeSet;

use kernel::{
    AccountId,
    policy::{Entitlement, TitleGrant},
};
use proto::{types, user};

use super::{
    ContractError,
    fields::{data, moment, optional_moment, parse, subject},
    purchase::grant,
    subscription::terms,
};
use crate::Event;

/// The newest entitlement of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlements {
    /// Whose.
    pub account: AccountId,
    /// Its version: the highest wins.
    pub sequence: i64,
    /// Absent: no plan.
    pub entitlement: Option<Entitlement>,
    /// Single titles that were paid for, one entry for each.
    pub titles: Vec<TitleGrant>,
}

impl Entitlements {
    /// Reads `entitlements_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: user::EntitlementsChanged = data(event, &[types::ENTITLEMENTS_CHANGED])?;
        let entitlement = if data.plan.is_empty() {
            None
        } else {
            let times = (moment("valid_to", &data.valid_to)?, optional_moment("grace_to", &data.grace_to)?);
            Some(terms(&data.plan, (data.max_streams, data.max_height), times)?)
        };
        let read = |told: &user::TitleGrant| {
            grant(parse("purchase_id", &told.purchase_id)?, &told.title_id, &told.kind, &told.valid_to)
        };
        let titles: Vec<TitleGrant> = data.titles.iter().map(read).collect::<Result<_, _>>()?;
        if titles.iter().map(|grant| grant.title).collect::<BTreeSet<_>>().len() < titles.len() {
            return Err(ContractError::new("titles", "names a title twice"));
        }
        let account = subject(event, "account_id", &data.account_id)?;
        Ok(Self { account, sequence: event.sequence, entitlement, titles })
    }
}
