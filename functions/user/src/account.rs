//! An account: what auth verified, and what the person adds to it.

use kernel::{AccountId, Locale, ProfileId, Territory};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// The caller's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Account {
    pub id: AccountId,
    /// The verified address.
    pub email: String,
    /// The person's name, if they gave one.
    pub name: Option<String>,
    /// The account's language.
    pub locale: Locale,
    /// Where the person lives, if they said so.
    pub territory: Option<Territory>,
    /// The profile that a new token carries unless it has a PIN.
    pub default_profile_id: ProfileId,
    /// When an address was verified for the first time.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// What the person told of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    pub name: Option<String>,
    /// Without it the language of the registration counts.
    pub locale: Option<Locale>,
    pub territory: Option<Territory>,
}
