//! What an account has paid for, as events tell it.

use events::Entitlements;
use kernel::{
    TitleId,
    policy::{Entitlement, Paid, TitleGrant},
};
use serde::{Deserialize, Serialize};

/// What is last known of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Version of the entitlement; the highest wins.
    pub sequence: i64,
    /// `None` without a plan.
    pub entitlement: Option<Entitlement>,
    /// Titles that were paid for by themselves, one entry for each.
    #[serde(default)]
    pub titles: Vec<TitleGrant>,
}

impl Grant {
    /// What concerns a title.
    pub fn paid(&self, title: TitleId) -> Paid<'_> {
        Paid { plan: self.entitlement.as_ref(), title: self.titles.iter().find(|grant| grant.title == title) }
    }
}

impl From<Entitlements> for Grant {
    fn from(told: Entitlements) -> Self {
        Self { sequence: told.sequence, entitlement: told.entitlement, titles: told.titles }
    }
}
