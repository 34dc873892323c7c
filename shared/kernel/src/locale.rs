//! Languages and territories as validated text.

use std::{cmp::Reverse, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// The text is not of the expected form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct FormError(&'static str);

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $pattern:literal, $example:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = FormError;
            fn from_str(text: &str) -> Result<Self, FormError> {
                let valid: fn(&[u8]) -> bool = $valid;
                if valid(text.as_bytes()) { Ok(Self(text.to_owned())) } else { Err(FormError($what)) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some($pattern))
                    .examples([$example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        crate::sql::as_text!($name);
    };
}

text! {
    /// An ISO 3166-1 alpha-2 territory in capitals.
    Territory, "a territory such as DE", "^[A-Z]{2}$", "DE",
    |text| text.len() == 2 && text.iter().all(u8::is_ascii_uppercase)
}

text! {
    /// A BCP 47 language of two letters, with an optional region: `ru`, `en-GB`.
    Locale, "a language such as en or en-GB", "^[a-z]{2}(-[A-Z]{2})?$", "en",
    |text| match text {
        [a, b] => a.is_ascii_lowercase() && b.is_ascii_lowercase(),
        [a, b, b'-', c, d] => [a, b].iter().all(|l| l.is_ascii_lowercase()) && [c, d].iter().all(|l| l.is_ascii_uppercase()),
        _ => false,
    }
}

impl Territory {
    /// `ZZ`, which ISO 3166-1 assigns to nobody: only a window without territories covers it.
    pub fn unknown() -> Self {
        Self("ZZ".to_owned())
    }
}

impl Locale {
    /// English, what is shown when nothing else fits.
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The language without the region.
    pub fn language(&self) -> &str {
        &self.0[..2]
    }
}

/// The languages that somebody reads, the preferred first; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Languages(Vec<Locale>);

/// More ranges than people have are not looked at.
const MAX_RANGES: usize = 16;

impl Languages {
    /// From `Accept-Language` (RFC 9110, 12.5.4): by weight, what is refused (`q=0`) or has another form left out; English without any.
    pub fn accepted(header: &str) -> Self {
        let mut ranges: Vec<(u16, Locale)> = Vec::new();
        for range in header.split(',').take(MAX_RANGES) {
            let mut parts = range.split(';').map(str::trim);
            let Some(locale) = parts.next().and_then(Locale::of_range) else { continue };
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            match weight.map_or(Some(1000), thousandths) {
                Some(weight @ 1..) => ranges.push((weight, locale)),
                _ => continue,
            }
        }
        // A stable sort: of equal weights the first named comes first.
        ranges.sort_by_key(|(weight, _)| Reverse(*weight));
        let mut languages: Vec<Locale> = ranges.into_iter().map(|(_, locale)| locale).collect();
        if languages.is_empty() {
            languages.push(Locale::english());
        }
        Self(languages)
    }

    /// These languages after one that goes before all others, such as a profile's own.
    #[must_use]
    pub fn after(mut self, first: Locale) -> Self {
        self.0.retain(|language| *language != first);
        self.0.insert(0, first);
        self
    }

    /// The preferred one.
    pub fn first(&self) -> Locale {
        self.0.first().cloned().unwrap_or_else(Locale::english)
    }

    /// In the order in which texts are looked for (lookup, RFC 4647, 3.4): each with its region, then without, then English.
    pub fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::with_capacity(2 * self.0.len() + 1);
        let each = self.0.iter().flat_map(|locale| [locale.as_str(), locale.language()]);
        for tag in each.chain(["en"]) {
            if !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        tags
    }
}

impl From<Locale> for Languages {
    fn from(locale: Locale) -> Self {
        Self(vec![locale])
    }
}

/// `0`, `1`, `0.7`, `1.000` as thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

impl Locale {
    /// From a language range of any case (`EN-us`, `zh-Hant-TW`): language and region, as far as there are two letters of each.
    fn of_range(range: &str) -> Option<Self> {
        let mut subtags = range.split('-');
        let language = subtags.next()?.to_ascii_lowercase();
        let region = subtags.find(|subtag| subtag.len() == 2).map(str::to_ascii_uppercase);
        let with_region = region.and_then(|region| format!("{language}-{region}").parse().ok());
        with_region.or_else(|| language.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weight_decides_and_of_equals_the_first() {
        let tags = |header| Languages::accepted(header).tags();
        assert_eq!(tags("en;q=0.1, ru;q=0.9"), ["ru", "en"]);
        assert_eq!(tags("de-AT, fr;q=0.5, ru;q=0.5"), ["de-AT", "de", "fr", "ru", "en"]);
        assert_eq!(tags("ru;q=0, *;q=0.5, de;q=0.001"), ["de", "en"]);
        assert_eq!(tags("EN-us, zh-Hant-TW;q=1.000"), ["en-US", "en", "zh-TW", "zh"]);
        for nothing in ["", "*", "klingon", "ru;q=2", "ru;q=0.1234", "ru;q=-1", ",,,", "\u{1F600}"] {
            assert_eq!(tags(nothing), ["en"], "{nothing}");
        }
        assert_eq!(Languages::accepted("en, de").after("ru".parse().unwrap()).tags(), ["ru", "en", "de"]);
        assert_eq!(Languages::accepted("ru-RU").first().as_str(), "ru-RU");
    }
}
