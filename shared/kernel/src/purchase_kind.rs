//! How a single title is paid for, in every service that knows of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a single title is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseKind {
    /// For a time that begins with the first second that is played.
    Rent,
    /// Until it is given back.
    Buy,
}

/// A word that names no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of purchase {0:?}")]
pub struct UnknownPurchaseKind(String);

impl PurchaseKind {
    /// The word used in JSON, SQL and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rent => "rent",
            Self::Buy => "buy",
        }
    }
}

impl fmt::Display for PurchaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PurchaseKind {
    type Err = UnknownPurchaseKind;

    fn from_str(text: &str) -> Result<Self, UnknownPurchaseKind> {
        let all = [Self::Rent, Self::Buy];
        all.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| UnknownPurchaseKind(text.to_owned()))
    }
}

crate::sql::as_text!(PurchaseKind);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_everywhere() {
        for kind in [PurchaseKind::Rent, PurchaseKind::Buy] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert!("lease".parse::<PurchaseKind>().is_err());
    }
}
