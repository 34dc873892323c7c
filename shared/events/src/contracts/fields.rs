//! How the fields of events are read, the same in every contract.

use std::{collections::HashMap, fmt::Display, str::FromStr};

use kernel::{Id, Locale, Names, text::visible_part};
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::Event;

/// Of names and other single lines, in characters. Five times what the catalogue accepts.
const LONGEST_LINE: usize = 1_000;
/// Of texts with line breaks, in characters. Twice what the catalogue accepts.
const LONGEST_TEXT: usize = 10_000;
const LONGEST_PATH: usize = 1_024;
const LONGEST_PLAN: usize = 64;
const LONGEST_SLUG: usize = 100;
/// Longer than any film or session: 7 days. Sums of milliseconds stay far from overflow.
const LONGEST_SECONDS: f64 = 7.0 * 86_400.0;

/// The event does not keep its contract; no retry helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct ContractError {
    field: &'static str,
    reason: String,
}

impl ContractError {
    pub(super) fn new(field: &'static str, reason: impl Display) -> Self {
        Self { field, reason: reason.to_string() }
    }

    /// What does not fit: a field of the data or of the envelope.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

/// The data of an event of one of `kinds`.
pub(super) fn data<'e, T: Deserialize<'e>>(event: &'e Event, kinds: &[&str]) -> Result<T, ContractError> {
    if !kinds.contains(&event.kind.as_str()) {
        return Err(ContractError::new("type", format!("{} is not of this contract", event.kind)));
    }
    if event.sequence < 1 {
        return Err(ContractError::new("sequence", "begins at 1"));
    }
    T::deserialize(&event.data).map_err(|error| ContractError::new("data", error))
}

/// The aggregate's id, which the envelope names as well.
pub(super) fn subject<T: Id>(event: &Event, field: &'static str, text: &str) -> Result<T, ContractError> {
    let id = parse(field, text)?;
    if event.subject == text { Ok(id) } else { Err(ContractError::new("subject", format!("is not the {field}"))) }
}

/// An id, or a word of an enum.
pub(super) fn parse<T: FromStr<Err: Display>>(field: &'static str, text: &str) -> Result<T, ContractError> {
    text.parse().map_err(|error| ContractError::new(field, error))
}

pub(super) fn parse_optional<T: FromStr<Err: Display>>(
    field: &'static str,
    text: &str,
) -> Result<Option<T>, ContractError> {
    Some(text).filter(|text| !text.is_empty()).map(|text| parse(field, text)).transpose()
}

pub(super) fn parse_all<T: FromStr<Err: Display>>(
    field: &'static str,
    texts: &[String],
) -> Result<Vec<T>, ContractError> {
    texts.iter().map(|text| parse(field, text)).collect()
}

/// Whatever is no language that we can write is absent.
pub(super) fn locale(text: &str) -> Option<Locale> {
    text.parse().ok()
}

pub(super) fn moment(field: &'static str, text: &str) -> Result<OffsetDateTime, ContractError> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|error| ContractError::new(field, error))
}

pub(super) fn optional_moment(field: &'static str, text: &str) -> Result<Option<OffsetDateTime>, ContractError> {
    Some(text).filter(|text| !text.is_empty()).map(|text| moment(field, text)).transpose()
}

/// A number that a narrower type holds, up to `most`.
pub(super) fn number<T, N>(field: &'static str, number: N, most: T) -> Result<T, ContractError>
where
    T: TryFrom<N> + PartialOrd + Display + Copy,
    N: Display + Copy,
{
    let fits = T::try_from(number).ok().filter(|number| *number <= most);
    fits.ok_or_else(|| ContractError::new(field, format!("{number} is above {most}")))
}

/// A place in a film or a length.
pub(super) fn seconds(field: &'static str, seconds: f64) -> Result<f64, ContractError> {
    let fits = (0.0..=LONGEST_SECONDS).contains(&seconds);
    if fits { Ok(seconds) } else { Err(ContractError::new(field, "is not between 0 s and 7 days")) }
}

/// Whole milliseconds: their sum is the same in every order.
pub(super) fn milliseconds(field: &'static str, value: f64) -> Result<u32, ContractError> {
    // In range (7 days are 604,800,000 ms), so nothing is cut off.
    seconds(field, value).map(|seconds| (seconds * 1000.0).round() as u32)
}

/// One line, of which only what can be seen is kept.
pub(super) fn line(text: &str) -> String {
    visible_part(text, LONGEST_LINE)
}

/// Lines that say something.
pub(super) fn lines(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| line(text)).filter(|text| !text.is_empty()).collect()
}

/// By locale and, under the empty key, for everybody else. Whatever is no language that we can write is left out.
pub(super) fn names(texts: &HashMap<String, String>) -> Names {
    let shown = texts.iter().map(|(tag, text)| (tag, line(text))).filter(|(_, name)| !name.is_empty());
    let by_locale = shown.filter_map(|(tag, name)| Some((locale(tag)?, name)));
    Names { by_locale: by_locale.collect(), original: texts.get("").map(|text| line(text)).unwrap_or_default() }
}

/// A text with line breaks.
pub(super) fn text(text: &str) -> String {
    let is_kept = |letter: &char| *letter == '\n' || !letter.is_control();
    text.chars().filter(is_kept).take(LONGEST_TEXT).collect()
}

/// A path below `/media/`. One that cannot be an address costs a picture, never the title.
pub(super) fn path(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.len() <= LONGEST_PATH && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

/// A plan's key.
pub(super) fn plan(field: &'static str, text: &str) -> Result<String, ContractError> {
    let fits = (1..=LONGEST_PLAN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err(ContractError::new(field, "is not a plan's key")) }
}

/// A name that is part of an address: small letters, digits and dashes.
pub(super) fn slug(field: &'static str, text: &str) -> Result<String, ContractError> {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=LONGEST_SLUG).contains(&text.len()) && text.bytes().all(is_part);
    if fits { Ok(text.to_owned()) } else { Err(ContractError::new(field, "is not a slug")) }
}

/// Enums of contracts by their words. A word is a `tt`: as a `literal` it would be wrapped, and the schema would name the variant instead.
macro_rules! words {
    ($(
        $(#[$meta:meta])* $name:ident {
            $($(#[$doc:meta])* $variant:ident = $word:tt,)+
        }
    )+) => {$(
        $(#[$meta])*
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word of the contract.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let known = Self::ALL.iter().find(|known| known.as_str() == text);
                known.copied().ok_or_else(|| format!("{text:?} is unknown"))
            }
        }
    )+};
}

pub(super) use words;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cleaned_and_cut() {
        assert_eq!(line(" a\0b\nc "), "abc");
        assert_eq!(line(&"ё".repeat(LONGEST_LINE + 1)).chars().count(), LONGEST_LINE);
        assert_eq!(text("a\0\nb"), "a\nb");
        assert_eq!(lines(&["\0".to_owned(), "a".to_owned()]), ["a"]);
        assert_eq!((path(""), path("a\n"), path("a/b.jpg").as_deref()), (None, None, Some("a/b.jpg")));
    }

    words! {
        #[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        Sound { HissAndHum = "hiss-and-hum", None = "none", }
    }

    #[test]
    fn documents_and_programs_know_the_same_words() {
        let schema = serde_json::to_value(<Sound as utoipa::PartialSchema>::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::to_value(Sound::ALL).unwrap());
        assert_eq!(schema["enum"], serde_json::json!(Sound::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()));
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(number::<u8, u32>("rating", 18, 18), Ok(18));
        assert_eq!(number::<u8, u32>("rating", 300, 18).unwrap_err().to_string(), "rating: 300 is above 18");
        for wrong in [-0.001, f64::NAN, f64::INFINITY, LONGEST_SECONDS + 0.1] {
            assert!(milliseconds("at", wrong).is_err(), "{wrong}");
        }
        assert_eq!(milliseconds("at", 12.3456), Ok(12_346));
    }
}
