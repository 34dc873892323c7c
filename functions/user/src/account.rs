//! An account: what auth verified, and what the person adds to it.

use cinema_http::Patch;
use kernel::{AccountId, Locale, ProfileId, Territory};
use proto::auth::AccountVerified;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

use crate::profile::Name;

const LONGEST_EMAIL: usize = 320;

/// The caller's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// The verified address.
    pub email: String,
    /// The person's name, if they gave one.
    pub name: Option<String>,
    /// The account's language.
    pub locale: Locale,
    /// Where the person lives, if they said so.
    pub territory: Option<Territory>,
    /// Whether the person wants marketing mail.
    pub marketing_consent: bool,
    /// The profile that a new token carries unless it has a PIN.
    pub default_profile_id: ProfileId,
    /// When an address was verified for the first time.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// What the person may change of the account; null takes it away.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// 1–40 characters.
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    pub name: Patch<Name>,
    /// Null: the language of the registration again.
    #[serde(default)]
    #[schema(value_type = Option<Locale>)]
    pub locale: Patch<Locale>,
    /// Where the person lives.
    #[serde(default)]
    #[schema(value_type = Option<Territory>)]
    pub territory: Patch<Territory>,
    /// Null: no consent.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub marketing_consent: Patch<bool>,
}

/// A verified account as auth tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The account.
    pub id: AccountId,
    /// The verified address.
    pub email: String,
    /// The language chosen at registration.
    pub locale: Locale,
    /// Minted by auth: the first profile must have this id.
    pub default_profile: ProfileId,
    /// When.
    pub verified_at: OffsetDateTime,
}

/// The event does not describe an account; no retry helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a verified account: {0}")]
pub struct NotAnAccount(String);

impl TryFrom<AccountVerified> for Verified {
    type Error = NotAnAccount;

    fn try_from(event: AccountVerified) -> Result<Self, NotAnAccount> {
        let wrong = |reason: &dyn ToString| NotAnAccount(reason.to_string());
        if event.email.is_empty() || event.email.len() > LONGEST_EMAIL || event.email.contains('\0') {
            return Err(NotAnAccount("the address is empty, too long or not text".to_owned()));
        }
        // Without a language, or with one that we do not know how to write, English.
        let locale = event.locale.parse().unwrap_or_else(|_| Locale::english());
        Ok(Self {
            id: event.account_id.parse().map_err(|error| wrong(&error))?,
            email: event.email,
            locale,
            default_profile: event.default_profile_id.parse().map_err(|error| wrong(&error))?,
            verified_at: OffsetDateTime::parse(&event.verified_at, &Rfc3339).map_err(|error| wrong(&error))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> AccountVerified {
        AccountVerified {
            account_id: "acc_01jd3k5m7n9pqrstvwxyz01234".into(),
            email: "a@example.com".into(),
            locale: "ru".into(),
            default_profile_id: "prf_01jd3k5m7n9pqrstvwxyz01234".into(),
            verified_at: "2026-01-01T12:00:00Z".into(),
        }
    }

    #[test]
    fn what_is_no_account_is_refused() {
        for change in [
            (|event| event.account_id = "prf_01jd3k5m7n9pqrstvwxyz01234".into()) as fn(&mut AccountVerified),
            |event| event.default_profile_id.clear(),
            |event| event.verified_at = "today".into(),
            |event| event.email.clear(),
            |event| event.email = "a\0@example.com".into(),
            |event| event.email = "x".repeat(321),
        ] {
            let mut event = event();
            change(&mut event);
            assert!(Verified::try_from(event.clone()).is_err(), "{event:?}");
        }
        assert_eq!(Verified::try_from(event()).unwrap().locale.as_str(), "ru");
        let unknown = AccountVerified { locale: "tlh-piqaD".into(), ..event() };
        assert_eq!(Verified::try_from(unknown).unwrap().locale, Locale::english());
    }
}
