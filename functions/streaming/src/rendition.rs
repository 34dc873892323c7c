//! One playlist of a film, as it is named in our addresses: `v720` its segments, `v720-iframes` its pictures for scrubbing.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};

const IFRAMES: &str = "-iframes";
const LONGEST: usize = 32;
/// Begins the names of captions; the packager's begin with `v` and `a`.
const CAPTIONS: char = 'c';

/// A media playlist of a film.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rendition {
    folder: String,
    is_iframes: bool,
}

/// The text names no rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotARendition;

impl fmt::Display for NotARendition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of a rendition")
    }
}

impl Rendition {
    /// From an address inside the packager's master playlist.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let (folder, file) = uri.split_once('/')?;
        let is_iframes = match file {
            "index.m3u8" => false,
            "iframes.m3u8" => true,
            _ => return None,
        };
        is_plain(folder).then(|| Self { folder: folder.to_owned(), is_iframes })
    }

    /// Of captions, from a digest of what they are.
    pub fn captions(digest: &[u8; 32]) -> Self {
        let name: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { folder: format!("{CAPTIONS}{name}"), is_iframes: false }
    }

    /// Whether it is not the packager's.
    pub fn is_captions(&self) -> bool {
        self.folder.starts_with(CAPTIONS)
    }

    /// Its folder below the asset's.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Its playlist below the asset's folder.
    pub fn key(&self) -> String {
        format!("{}/{}", self.folder, if self.is_iframes { "iframes.m3u8" } else { "index.m3u8" })
    }
}

fn is_plain(folder: &str) -> bool {
    (1..=LONGEST).contains(&folder.len())
        && folder.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl FromStr for Rendition {
    type Err = NotARendition;

    fn from_str(text: &str) -> Result<Self, NotARendition> {
        let (folder, is_iframes) = text.strip_suffix(IFRAMES).map_or((text, false), |folder| (folder, true));
        if is_plain(folder) { Ok(Self { folder: folder.to_owned(), is_iframes }) } else { Err(NotARendition) }
    }
}

impl fmt::Display for Rendition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.folder, if self.is_iframes { IFRAMES } else { "" })
    }
}

impl<'de> Deserialize<'de> for Rendition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_nothing_leaves_the_asset() {
        for (uri, name) in
            [("v720/index.m3u8", "v720"), ("v720/iframes.m3u8", "v720-iframes"), ("a0low/index.m3u8", "a0low")]
        {
            let rendition = Rendition::from_uri(uri).unwrap();
            assert_eq!((rendition.to_string().as_str(), rendition.key().as_str()), (name, uri));
            assert_eq!(name.parse(), Ok(rendition));
        }
        for text in ["", "-iframes", "../v720", "V720", "v720/index.m3u8", "v 720", "v720-keys", &"v".repeat(33)] {
            assert!(text.parse::<Rendition>().is_err(), "{text}");
        }
        for uri in ["v720", "v720/init.mp4", "../x/index.m3u8", "https://h/v720/index.m3u8", "/v720/index.m3u8"] {
            assert_eq!(Rendition::from_uri(uri), None, "{uri}");
        }
    }
}
