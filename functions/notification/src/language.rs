//! The languages that mails are written in.

use std::fmt;

use kernel::Locale;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A language that mails are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English, also for everybody whose language is none of these.
    En,
    /// Russian.
    Ru,
}

impl Language {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::En, Self::Ru];

    /// The one for a reader.
    pub fn of(reader: &Locale) -> Self {
        match reader.language() {
            "ru" => Self::Ru,
            _ => Self::En,
        }
    }

    /// Its tag (BCP 47).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
        }
    }

    /// A reader of it.
    pub fn reader(self) -> Locale {
        self.as_str().parse().unwrap_or_else(|_| Locale::english())
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_of_a_language_reads_it() {
        for language in Language::ALL {
            assert_eq!(Language::of(&language.reader()), language);
        }
        assert_eq!(Language::of(&"de-AT".parse().unwrap()), Language::En);
    }
}
