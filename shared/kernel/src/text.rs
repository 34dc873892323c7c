//! Text that people read: every name, title and description that comes from outside goes through here.
//!
//! It is normalised (NFC, Unicode Standard Annex 15), trimmed and bounded, shows at least one visible character, and holds nothing that
//! moves or hides what stands around it: no control characters, no direction marks (Unicode Standard Annex 9), no invisible fillers.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use unicode_normalization::UnicodeNormalization;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing in it can be seen.
    #[error("must contain something that can be seen")]
    Invisible,
    /// Longer than allowed, after normalisation.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// Holds a character that people cannot see but that changes what they see.
    #[error("must not contain control characters or direction marks")]
    Forbidden,
}

/// Moves or hides what stands around it, or carries text that nobody sees: every control and format character (general categories Cc and Cf of
/// Unicode 17) and everything that is shown as nothing (`Default_Ignorable_Code_Point`), but for what [`is_blank`] allows between visible letters.
fn is_forbidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            // Private use and noncharacters look different, or not at all, everywhere.
            | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{fdd0}'..='\u{fdef}')
        // The last two of every plane are noncharacters.
        || u32::from(letter) & 0xfffe == 0xfffe
}

/// Takes room or none, and shows nothing: joiners and variation selectors, which only mean something between visible letters, and blank letters.
fn is_blank(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200c}' | '\u{200d}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{1d159}')
        // A mark alone has nothing to stand on.
        || unicode_normalization::char::is_combining_mark(letter)
}

fn check(text: &str, max: usize, may_break: bool, may_be_empty: bool) -> Result<String, TextError> {
    let is_break = |letter: char| may_break && letter == '\n';
    let text: String = text.nfc().collect::<String>().trim().to_owned();
    let text = if may_break { text.replace("\r\n", "\n") } else { text };
    if text.chars().any(|letter| is_forbidden(letter) && !is_break(letter)) {
        return Err(TextError::Forbidden);
    }
    if text.chars().all(is_blank) && !(may_be_empty && text.is_empty()) {
        return Err(TextError::Invisible);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong(max));
    }
    Ok(text)
}

/// Whatever of a text may be shown in one line, of at most `max` characters; for text that must not be refused, such as a file's tags.
pub fn visible_part(text: &str, max: usize) -> String {
    let kept: String = text.nfc().filter(|letter| !is_forbidden(*letter)).collect();
    let kept: String = kept.trim().chars().take(max).collect();
    if kept.chars().all(is_blank) { String::new() } else { kept.trim_end().to_owned() }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $may_break:literal, $min:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name<const MAX: usize>(String);

        impl<const MAX: usize> $name<MAX> {
            /// Normalises and checks.
            ///
            /// # Errors
            /// What is wrong, for a person to read.
            pub fn new(text: &str) -> Result<Self, TextError> {
                check(text, MAX, $may_break, $min == 0).map(Self)
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl<const MAX: usize> fmt::Display for $name<MAX> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de, const MAX: usize> Deserialize<'de> for $name<MAX> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }

        impl<const MAX: usize> utoipa::PartialSchema for $name<MAX> {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .min_length(Some($min))
                    .max_length(Some(MAX))
                    .into()
            }
        }

        impl<const MAX: usize> utoipa::ToSchema for $name<MAX> {}
    };
}

text! {
    /// One line of 1 to `MAX` characters, of which at least one can be seen: a name.
    VisibleLine, false, 1
}

text! {
    /// At most `MAX` characters in lines; may be empty: a description.
    VisibleText, true, 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_people_everywhere_are_names() {
        for name in ["Анна", "Ngô Bảo", "李小龙", "أحمد", "नरेन्द्र", "👩‍👩‍👧", "O’Brien", "❤️", "می‌خواهم", "7"]
        {
            assert!(VisibleLine::<40>::new(name).is_ok(), "{name}");
        }
        assert_eq!(VisibleLine::<40>::new(" Андреи\u{306} ").unwrap().as_str(), "Андрей");
    }

    #[test]
    fn what_cannot_be_seen_is_no_name() {
        for name in [
            "",
            " ",
            "\u{2800}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{115f}\u{1160}",
            "\u{ad}",
            "\u{200d}",
            "\u{fe0f}",
            "\u{301}",
            "\u{a0}\u{3000}",
            "\u{1d159}",
        ] {
            assert_eq!(VisibleLine::<40>::new(name), Err(TextError::Invisible), "{name:?}");
        }
        for name in [
            "a\u{200b}",
            "\u{202e}gpj.exe",
            "a\u{2066}b",
            "a\0b",
            "a\nb",
            "a\u{7f}",
            "\u{feff}a\u{feff}",
            "a\u{e0041}",
            "a\u{200f}",
            "a\u{2028}b",
            "a\u{1b}[31m",
            "\u{f8ff}",
            "\u{1d173}",
            "\u{fff0}a",
            "a\u{1bca0}",
            "\u{3fffe}",
        ] {
            assert_eq!(VisibleLine::<40>::new(name), Err(TextError::Forbidden), "{name:?}");
        }
        assert_eq!(VisibleLine::<3>::new("abcd"), Err(TextError::TooLong(3)));
    }

    #[test]
    fn a_description_has_lines_and_may_be_empty() {
        assert_eq!(VisibleText::<40>::new("one\r\ntwo\n").unwrap().as_str(), "one\ntwo");
        assert_eq!(VisibleText::<40>::new("").unwrap().as_str(), "");
        assert_eq!(VisibleText::<40>::new("a\tb"), Err(TextError::Forbidden));
        assert_eq!(VisibleText::<40>::new("\u{2800}"), Err(TextError::Invisible));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_can_be_seen_and_is_taken_again(text in "\\PC{0,20}|[\u{200b}-\u{206f}a \u{3164}\u{301}]{0,6}") {
            if let Ok(line) = VisibleLine::<20>::new(&text) {
                prop_assert!(line.as_str().chars().any(|letter| !is_blank(letter)));
                prop_assert!(!line.as_str().chars().any(is_forbidden));
                prop_assert_eq!(VisibleLine::<20>::new(line.as_str()), Ok(line.clone()));
            }
            let part = visible_part(&text, 20);
            prop_assert!(part.is_empty() || VisibleLine::<20>::new(&part).is_ok(), "{part:?}");
        }
    }
}
