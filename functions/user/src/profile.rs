//! A viewer profile of an account.

use std::fmt;

use events::Event;
use kernel::{AccountId, Locale, ProfileId, VisibleLine, World, policy::ADULT};
use proto::{
    types,
    user::{ProfileChanged, ProfileSecretChanged},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use time::Duration;
use utoipa::ToSchema;

/// How many profiles an account may have.
pub const MOST: usize = 5;
/// How long ago a person may have proved who they are to lift what keeps a child away.
pub const STEP_UP: Duration = Duration::minutes(10);
const LONGEST_AVATAR: usize = 40;
const DEFAULT_AVATAR: &str = "default";

/// A name to show.
pub type Name = VisibleLine<40>;

/// A profile as its account sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Profile {
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
    /// Whether a new token carries it; made with the account, or put in the place of one that was.
    pub is_default: bool,
    /// Whether the next episode begins by itself.
    pub autoplay: bool,
}

impl Profile {
    /// The first profile of an account.
    pub fn first(id: ProfileId, locale: Locale) -> Self {
        let name = if locale.language() == "ru" { "Основной" } else { "Main" };
        let (name, avatar) = (name.to_owned(), DEFAULT_AVATAR.to_owned());
        Self { id, name, avatar, locale, max_rating: ADULT, has_pin: false, is_default: true, autoplay: true }
    }

    /// Whether a change lifts what keeps a child away: the cap, or a PIN that somebody else has set.
    pub fn is_loosened_by(&self, after: &Self, touches_pin: bool) -> bool {
        after.max_rating > self.max_rating || (self.has_pin && touches_pin)
    }

    /// Whether a caller with this cap could not simply choose it: it has a PIN, or may see more than they.
    pub fn is_guarded_from(&self, cap: u8) -> bool {
        self.has_pin || self.max_rating > cap
    }

    /// What everybody hears about a version of it.
    pub fn changed(&self, world: &World, account: AccountId, version: i64) -> Event {
        Event::new(world, types::PROFILE_CHANGED, self.id, version, &self.state(account))
    }

    /// The last that everybody hears about it.
    pub fn deleted(&self, world: &World, account: AccountId, version: i64) -> Event {
        let state = ProfileChanged { deleted: true, is_default: false, ..self.state(account) };
        Event::new(world, types::PROFILE_CHANGED, self.id, version, &state)
    }

    fn state(&self, account: AccountId) -> ProfileChanged {
        ProfileChanged {
            profile_id: self.id.to_string(),
            account_id: account.to_string(),
            name: self.name.clone(),
            avatar: self.avatar.clone(),
            locale: self.locale.to_string(),
            max_rating: self.max_rating.into(),
            is_default: self.is_default,
            has_pin: self.has_pin,
            deleted: false,
        }
    }

    /// What auth alone hears: the digest of its PIN.
    pub fn secret_changed(&self, world: &World, account: AccountId, version: i64, pin_digest: String) -> Event {
        let (profile_id, account_id) = (self.id.to_string(), account.to_string());
        let state = ProfileSecretChanged { profile_id, account_id, pin_digest };
        Event::new(world, types::PROFILE_SECRET_CHANGED, self.id, version, &state)
    }
}

/// The name of a picture: 1–40 of `a-z 0-9 -`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[a-z0-9-]{1,40}$", example = "fox")]
pub struct Avatar(String);

impl fmt::Display for Avatar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Avatar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=LONGEST_AVATAR).contains(&text.len()) && text.bytes().all(is_allowed) {
            return Ok(Self(text));
        }
        Err(D::Error::custom(format!("must be 1 to {LONGEST_AVATAR} of a-z, 0-9 and -")))
    }
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
        for wrong in ["", "   ", "a\0b", "a\nb", "\u{202e}annA", "\u{200b}", "\u{3164}", &"ж".repeat(41)] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(name("  Анна 👩‍🚀 ").unwrap().to_string(), "Анна 👩‍🚀");
        assert!(name(&"ж".repeat(40)).is_ok());
    }

    #[test]
    fn a_higher_cap_or_another_pin_loosens_a_profile() {
        let first = Profile::first(World::system().id(), Locale::english());
        let kids = Profile { max_rating: 6, has_pin: true, ..first };
        let with_cap = |max_rating| Profile { max_rating, ..kids.clone() };
        assert!(kids.is_loosened_by(&with_cap(7), false) && !kids.is_loosened_by(&with_cap(5), false));
        assert!(
            kids.is_loosened_by(&kids, true) && !Profile { has_pin: false, ..kids.clone() }.is_loosened_by(&kids, true)
        );
        assert!(kids.is_guarded_from(18), "its PIN guards it from everybody");
        let open = Profile { has_pin: false, ..kids };
        assert!(open.is_guarded_from(5) && !open.is_guarded_from(6));
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
