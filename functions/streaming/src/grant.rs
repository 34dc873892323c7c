//! What an account has paid for, as events tell it.

use events::Entitlements;
use kernel::policy::Entitlement;
use serde::{Deserialize, Serialize};

/// The last known entitlement of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Version of the entitlement; the highest wins.
    pub sequence: i64,
    /// `None` without a plan.
    pub entitlement: Option<Entitlement>,
}

impl From<Entitlements> for Grant {
    fn from(told: Entitlements) -> Self {
        Self { sequence: told.sequence, entitlement: told.entitlement }
    }
}
