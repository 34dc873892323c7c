//! A viewer profile of an account.

use std::fmt;

use events::Event;
use kernel::{AccountId, Locale, ProfileId, World, policy::ADULT};
use proto::{
    types,
    user::{ProfileChanged, ProfileSecretChanged},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

/// How many profiles an account may have.
pub const MOST: usize = 5;
const LONGEST_NAME: usize = 40;
const LONGEST_AVATAR: usize = 40;
const DEFAULT_AVATAR: &str = "default";

/// A profile as its account sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Profile {
    /// The profile.
    pub id: ProfileId,
    /// 1–40 characters.
    pub name: String,
    /// The name of a picture.
    pub avatar: String,
    /// Its language.
    pub locale: Locale,
    /// The highest age rating it may see, 0–18.
    pub max_rating: u8,
    /// Whether choosing it needs a PIN.
    pub has_pin: bool,
    /// Whether it was made with the account.
    pub is_default: bool,
}

impl Profile {
    /// The first profile of an account.
    pub fn first(id: ProfileId, locale: Locale) -> Self {
        let name = if locale.language() == "ru" { "Основной" } else { "Main" };
        let (name, avatar) = (name.to_owned(), DEFAULT_AVATAR.to_owned());
        Self { id, name, avatar, locale, max_rating: ADULT, has_pin: false, is_default: true }
    }

    /// What everybody hears about a version of it.
    pub fn changed(&self, world: &World, account: AccountId, version: i64) -> Event {
        let state = ProfileChanged {
            profile_id: self.id.to_string(),
            account_id: account.to_string(),
            name: self.name.clone(),
            avatar: self.avatar.clone(),
            locale: self.locale.to_string(),
            max_rating: self.max_rating.into(),
            is_default: self.is_default,
            has_pin: self.has_pin,
            deleted: false,
        };
        Event::new(world, types::PROFILE_CHANGED, self.id, version, &state)
    }

    /// What auth alone hears: the digest of its PIN.
    pub fn secret_changed(&self, world: &World, account: AccountId, version: i64, pin_digest: String) -> Event {
        let (profile_id, account_id) = (self.id.to_string(), account.to_string());
        let state = ProfileSecretChanged { profile_id, account_id, pin_digest };
        Event::new(world, types::PROFILE_SECRET_CHANGED, self.id, version, &state)
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $parse:expr, $example:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, example = $example)]
        pub struct $name(String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let parse: fn(&str) -> Result<String, String> = $parse;
                parse(&String::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
            }
        }
    };
}

text! {
    /// A name to show: 1–40 characters, spaces around it are dropped.
    Name,
    |text| {
        let text = text.trim();
        // Control characters and marks that turn the direction of writing do not belong into a name.
        let misleads = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.contains(misleads) {
            return Ok(text.to_owned());
        }
        Err(format!("must be 1 to {LONGEST_NAME} printable characters"))
    },
    "Anna"
}

text! {
    /// The name of a picture: 1–40 of `a-z 0-9 -`.
    Avatar,
    |text| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=LONGEST_AVATAR).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(text.to_owned());
        }
        Err(format!("must be 1 to {LONGEST_AVATAR} of a-z, 0-9 and -"))
    },
    "fox"
}

impl Default for Avatar {
    fn default() -> Self {
        Self(DEFAULT_AVATAR.to_owned())
    }
}

/// An age rating, 0–18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = u8, minimum = 0, maximum = 18, example = 12)]
pub struct Rating(u8);

impl Rating {
    /// The age.
    pub fn age(self) -> u8 {
        self.0
    }
}

impl Default for Rating {
    fn default() -> Self {
        Self(ADULT)
    }
}

impl<'de> Deserialize<'de> for Rating {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            age @ 0..=ADULT => Ok(Self(age)),
            _ => Err(D::Error::custom(format!("must be an age from 0 to {ADULT}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_short_and_printable() {
        let name = |text: &str| serde_json::from_value::<Name>(json!(text));
        for wrong in ["", "   ", "a\0b", "a\nb", "\u{202e}annA", &"ж".repeat(41)] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(name("  Анна 👩‍🚀 ").unwrap().to_string(), "Анна 👩‍🚀");
        assert!(name(&"ж".repeat(40)).is_ok());
    }

    #[test]
    fn avatars_and_ratings_have_limits() {
        for wrong in ["", "Fox", "../fox", "fox\0", &"a".repeat(41)] {
            assert!(serde_json::from_value::<Avatar>(json!(wrong)).is_err(), "{wrong:?}");
        }
        for wrong in [json!(19), json!(-1), json!("12"), json!(1.5), json!(300)] {
            assert!(serde_json::from_value::<Rating>(wrong.clone()).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::from_value::<Rating>(json!(0)).unwrap().age(), 0);
    }
}
