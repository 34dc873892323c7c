//! The languages that invoices are written in, and how they say for how long or how something was sold.

use kernel::Languages;

/// A language of invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `en`
    English,
    /// `ru`
    Russian,
}

impl Language {
    /// The first that somebody reads; English without any.
    pub fn of(languages: &Languages) -> Self {
        let known = |tag: &String| match tag.as_str() {
            "en" => Some(Self::English),
            "ru" => Some(Self::Russian),
            _ => None,
        };
        languages.tags().iter().find_map(known).unwrap_or(Self::English)
    }

    /// Somebody who reads it.
    pub fn reader(self) -> Languages {
        Languages::accepted(self.tag())
    }

    /// BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }
}

/// For how long, or how.
pub fn sold(word: &str, language: Language) -> &str {
    match (word, language) {
        ("month", Language::English) => "one month",
        ("year", Language::English) => "one year",
        ("rent", Language::English) => "rental",
        ("buy", Language::English) => "purchase",
        ("month", Language::Russian) => "1 месяц",
        ("year", Language::Russian) => "1 год",
        ("rent", Language::Russian) => "прокат",
        ("buy", Language::Russian) => "покупка",
        (other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_is_known_wins() {
        for (header, expected) in [
            ("", Language::English),
            ("ru", Language::Russian),
            ("ru-RU,en;q=0.5", Language::Russian),
            ("de,ru;q=0.4", Language::Russian),
            ("de,en;q=0.5,ru;q=0.4", Language::English),
            ("ja", Language::English),
        ] {
            assert_eq!(Language::of(&Languages::accepted(header)), expected, "{header}");
        }
    }
}
