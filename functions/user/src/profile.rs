//! A viewer profile of an account.

use std::fmt;

use cinema_http::{Patch, Problem};
use events::Event;
use kernel::{AccountId, Locale, ProfileId, World, policy::ADULT};
use proto::{
    types,
    user::{ProfileChanged, ProfileSecretChanged},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use time::Duration;
use utoipa::ToSchema;

use crate::pin::Pin;

/// How many profiles an account may have.
pub const MOST: usize = 5;
/// How long ago a person may have proved who they are to lift what keeps a child away.
pub const STEP_UP: Duration = Duration::minutes(10);
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
    /// Whether a new token carries it; made with the account, or put in the place of one that was.
    pub is_default: bool,
    /// Whether the next episode begins by itself.
    pub autoplay: bool,
}

/// What may be changed of a profile; null brings the default back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// Cannot be taken away.
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    pub name: Patch<Name>,
    /// The name of a picture.
    #[serde(default)]
    #[schema(value_type = Option<Avatar>)]
    pub avatar: Patch<Avatar>,
    /// Null: the account's language.
    #[serde(default)]
    #[schema(value_type = Option<Locale>)]
    pub locale: Patch<Locale>,
    /// Null: 18.
    #[serde(default)]
    #[schema(value_type = Option<Rating>)]
    pub max_rating: Patch<Rating>,
    /// Null: no PIN any more.
    #[serde(default)]
    #[schema(value_type = Option<Pin>)]
    pub pin: Patch<Pin>,
    /// Null: the next episode begins by itself.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub autoplay: Patch<bool>,
}

impl Profile {
    /// The first profile of an account.
    pub fn first(id: ProfileId, locale: Locale) -> Self {
        let name = if locale.language() == "ru" { "Основной" } else { "Main" };
        let (name, avatar) = (name.to_owned(), DEFAULT_AVATAR.to_owned());
        Self { id, name, avatar, locale, max_rating: ADULT, has_pin: false, is_default: true, autoplay: true }
    }

    /// The profile after a change, for an account of the language `account`.
    ///
    /// # Errors
    /// 422 for what cannot be taken away.
    pub fn changed_by(&self, changes: &Changes, account: &Locale) -> Result<Self, Problem> {
        let Changes { name, avatar, locale, max_rating, pin, autoplay } = changes;
        if *name == Patch::Remove {
            return Err(Problem::invalid("/name", "cannot be removed"));
        }
        let (avatar, max_rating) = (avatar.clone(), max_rating.clone());
        Ok(Self {
            name: name.value().map_or_else(|| self.name.clone(), Name::to_string),
            avatar: avatar.or(Avatar(self.avatar.clone()), Avatar::default).0,
            locale: locale.clone().or(self.locale.clone(), || account.clone()),
            max_rating: max_rating.or(Rating(self.max_rating), Rating::default).0,
            has_pin: match pin {
                Patch::Absent => self.has_pin,
                Patch::Remove => false,
                Patch::Set(_) => true,
            },
            autoplay: autoplay.clone().or(self.autoplay, || true),
            ..self.clone()
        })
    }

    /// Whether a change lifts what keeps a child away: the cap, or a PIN that somebody else has set.
    pub fn is_loosened_by(&self, changes: &Changes, after: &Self) -> bool {
        after.max_rating > self.max_rating || (self.has_pin && !changes.pin.is_absent())
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
    fn a_change_leaves_the_rest_and_null_brings_defaults_back() {
        let german: Locale = "de".parse().unwrap();
        let kids = Profile {
            avatar: "fox".to_owned(),
            max_rating: 6,
            has_pin: true,
            autoplay: false,
            ..Profile::first(World::system().id(), Locale::english())
        };
        let change = |patch: serde_json::Value| {
            let changes: Changes = serde_json::from_value(patch).unwrap();
            let after = kids.changed_by(&changes, &german)?;
            Ok::<_, Problem>((kids.is_loosened_by(&changes, &after), after))
        };
        assert_eq!(change(json!({})).unwrap(), (false, kids.clone()));
        let (loosened, after) = change(json!({"name": " Anna ", "max_rating": 0})).unwrap();
        assert_eq!((loosened, after), (false, Profile { name: "Anna".to_owned(), max_rating: 0, ..kids.clone() }));
        let nulls = json!({"avatar": null, "locale": null, "max_rating": null, "autoplay": null});
        let (loosened, after) = change(nulls).unwrap();
        assert!(loosened && after.autoplay);
        assert_eq!((after.avatar.as_str(), after.locale, after.max_rating), (DEFAULT_AVATAR, german.clone(), ADULT));
        for (pin, has_pin) in [(json!(null), false), (json!("4711"), true)] {
            let (loosened, after) = change(json!({"pin": pin})).unwrap();
            assert_eq!((loosened, after.has_pin), (true, has_pin));
        }
        assert_eq!(change(json!({"name": null})).unwrap_err().status().as_u16(), 422);
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
