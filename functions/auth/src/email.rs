//! An e-mail address as the identity of an account.
//!
//! Only ASCII addresses (RFC 5321 dot-atom, an international domain in its `xn--` form), compared in lower case: two addresses that look
//! alike can then never be two spellings of one account, nor one mailbox two accounts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};

use crate::column::text_column;

const MAX_ADDRESS: usize = 254;
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;

/// Domains that give addresses away for a few minutes; registering from them is limited harder.
const DISPOSABLE: &[&str] = &[
    "10minutemail.com",
    "dispostable.com",
    "fakeinbox.com",
    "getnada.com",
    "guerrillamail.com",
    "maildrop.cc",
    "mailinator.com",
    "mailnesia.com",
    "moakt.com",
    "sharklasers.com",
    "temp-mail.org",
    "tempmail.com",
    "throwawaymail.com",
    "trashmail.com",
    "yopmail.com",
];

/// A valid address in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// The text is not an address that can have an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address such as name@example.com (international domains in their xn-- form)")]
pub struct EmailError;

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// For a mail that somebody else may read: `v***@example.com`.
    pub fn masked(&self) -> String {
        format!("{}***@{}", self.local().chars().take(1).collect::<String>(), self.domain())
    }

    /// The known throw-away domain that the address belongs to.
    pub fn disposable_domain(&self) -> Option<&'static str> {
        let domain = self.domain();
        let belongs =
            |known: &str| domain.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        DISPOSABLE.iter().copied().find(|known| belongs(known))
    }
}

impl FromStr for Email {
    type Err = EmailError;
    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        if text.len() <= MAX_ADDRESS && is_local(local) && is_domain(domain) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(EmailError)
        }
    }
}

fn is_local(local: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    local.len() <= MAX_LOCAL && local.split('.').all(is_atom)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.') && domain.split('.').all(is_label) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

/// An address does not belong into a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email")
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl utoipa::PartialSchema for Email {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_ADDRESS));
        schema
            .description(Some("E-mail address; upper and lower case are the same."))
            .examples(["viewer@example.com"])
            .into()
    }
}

impl utoipa::ToSchema for Email {}

text_column!(Email);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one_account() {
        let email: Email = " Alice.B+tv@Example.COM ".parse().unwrap();
        assert_eq!(email.as_str(), "alice.b+tv@example.com");
        assert_eq!((email.local(), email.domain()), ("alice.b+tv", "example.com"));
        assert_eq!(format!("{email:?}"), "Email");
        assert_eq!(email.masked(), "a***@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "@",
            "a@",
            "@example.com",
            "a@localhost",
            "a b@example.com",
            "a..b@example.com",
            ".a@example.com",
            "a@-x.com",
            "a@x-.com",
            "a@exa_mple.com",
            "a@192.0.2.1",
            "a@example..com",
            "а@example.com",
            "a@exаmple.com",
            "a\0@example.com",
            "a@example.com\r\nx",
            &long,
            "\"a b\"@example.com",
        ] {
            assert!(text.parse::<Email>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn throw_away_domains_are_known_with_their_subdomains() {
        let of = |text: &str| text.parse::<Email>().unwrap().disposable_domain();
        assert_eq!(of("a@mailinator.com"), Some("mailinator.com"));
        assert_eq!(of("a@x.mailinator.com"), Some("mailinator.com"));
        assert_eq!(of("a@notmailinator.com"), None);
    }
}
