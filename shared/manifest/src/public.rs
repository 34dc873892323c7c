//! Which objects of a bucket are shown to everybody.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A key with wildcards: `*` is one segment, `**` at the end is everything below.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPattern(String);

impl KeyPattern {
    /// Whether a key is one of these; never a key that ends with a slash.
    pub fn matches(&self, key: &str) -> bool {
        let mut segments = key.split('/');
        for wanted in self.0.split('/') {
            match (wanted, segments.next()) {
                ("**", Some(first)) => return !segments.next_back().unwrap_or(first).is_empty(),
                ("*", Some(segment)) if !segment.is_empty() => {}
                (word, Some(segment)) if word == segment => {}
                _ => return false,
            }
        }
        segments.next().is_none()
    }
}

impl FromStr for KeyPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_word = |segment: &str| !segment.is_empty() && !segment.contains('*');
        let body = text.strip_suffix("/**").unwrap_or(text);
        if body.split('/').all(|segment| segment == "*" || is_word(segment)) {
            Ok(KeyPattern(text.to_owned()))
        } else {
            Err(format!("key `{text}`: a segment is a word or `*`, the last one may be `**`"))
        }
    }
}

impl TryFrom<String> for KeyPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<KeyPattern> for String {
    fn from(pattern: KeyPattern) -> String {
        pattern.0
    }
}

impl fmt::Display for KeyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment_and_two_are_the_rest() {
        let matches = |pattern: &str, key| pattern.parse::<KeyPattern>().unwrap().matches(key);
        for (pattern, key) in [
            ("artwork/**", "artwork/t/a.webp"),
            ("artwork/**", "artwork/a.webp"),
            ("*/poster.jpg", "ast_1/poster.jpg"),
            ("*/sprites/**", "ast_1/sprites/0a1b/index.vtt"),
        ] {
            assert!(matches(pattern, key), "{pattern} {key}");
        }
        for (pattern, key) in [
            ("artwork/**", "artwork"),
            ("artwork/**", "artwork/"),
            ("*/poster.jpg", "poster.jpg"),
            ("*/poster.jpg", "/poster.jpg"),
            ("*/poster.jpg", "ast_1/v720/poster.jpg"),
            ("*/poster.jpg", "ast_1/poster.jpg/x"),
            ("*/sprites/**", "ast_1/sprites/"),
            ("*/sprites/**", "ast_1/v720/sprites/1.jpg"),
        ] {
            assert!(!matches(pattern, key), "{pattern} {key}");
        }
        for bad in ["", "a//b", "**/a", "*.jpg", "a/**/b", "a/***"] {
            assert!(bad.parse::<KeyPattern>().is_err(), "{bad}");
        }
    }
}
