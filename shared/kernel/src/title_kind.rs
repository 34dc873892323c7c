//! What a title is, in every service that shows one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a title is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TitleKind {
    /// Stands alone.
    Film,
    /// Consists of seasons.
    Series,
    /// Belongs to a series.
    Season,
    /// Belongs to a season.
    Episode,
}

/// A word that names no kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKind(String);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown kind {:?}", self.0)
    }
}

impl std::error::Error for UnknownKind {}

impl TitleKind {
    /// The word used in JSON, SQL and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Film => "film",
            Self::Series => "series",
            Self::Season => "season",
            Self::Episode => "episode",
        }
    }

    /// What it belongs to.
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Film | Self::Series => None,
            Self::Season => Some(Self::Series),
            Self::Episode => Some(Self::Season),
        }
    }

    /// Whether it can be watched itself.
    pub fn has_film(self) -> bool {
        matches!(self, Self::Film | Self::Episode)
    }
}

impl FromStr for TitleKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let all = [Self::Film, Self::Series, Self::Season, Self::Episode];
        all.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

impl fmt::Display for TitleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

crate::sql::as_text!(TitleKind);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_everywhere() {
        for kind in [TitleKind::Film, TitleKind::Series, TitleKind::Season, TitleKind::Episode] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!("Film".parse::<TitleKind>().unwrap_err().to_string(), "unknown kind \"Film\"");
    }
}
