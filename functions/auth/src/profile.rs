//! What signing in needs to know of a profile, and its PIN.

use kernel::{Locale, ProfileId};
use time::{Duration, OffsetDateTime};

/// So many wrong PINs lock the profile.
pub const MAX_TRIES: i32 = 5;
/// For how long.
pub const LOCK: Duration = Duration::minutes(15);

/// A profile that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its id.
    pub id: ProfileId,
    /// Its language.
    pub locale: Locale,
    /// Highest age rating, 0–18.
    pub max_rating: u8,
    /// Choosing it takes a PIN.
    pub needs_pin: bool,
}

/// The profile of a new sign-in, and of a session whose chosen profile was deleted: the default one, unless that takes a PIN.
pub fn without_asking(default: Option<Profile>) -> Option<Profile> {
    default.filter(|profile| !profile.needs_pin)
}

/// How often a PIN was tried in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PinTries {
    /// Since the last success or lock.
    pub tries: i32,
    /// No PIN is looked at before.
    pub locked_until: Option<OffsetDateTime>,
}

impl PinTries {
    /// Counts a try before it is looked at, so that tries at the same time count as well.
    ///
    /// # Errors
    /// How long the profile stays locked.
    pub fn count(self, now: OffsetDateTime) -> Result<Self, Duration> {
        let before = match self.locked_until {
            Some(until) if until > now => return Err(until - now),
            Some(_) => 0,
            None => self.tries,
        };
        let tries = before + 1;
        Ok(Self { tries, locked_until: (tries >= MAX_TRIES).then_some(now + LOCK) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_try_waits_a_quarter_of_an_hour() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut pin = PinTries::default();
        for _ in 0..MAX_TRIES {
            pin = pin.count(now).unwrap();
        }
        assert_eq!(pin.count(now), Err(LOCK));
        assert_eq!(pin.count(now + LOCK - Duration::SECOND), Err(Duration::SECOND));
        assert_eq!(pin.count(now + LOCK).map(|pin| pin.tries), Ok(1));
    }

    #[test]
    fn a_default_profile_with_a_pin_is_not_chosen_without_asking() {
        let profile = |needs_pin| Profile {
            id: kernel::Id::from_parts(OffsetDateTime::UNIX_EPOCH, [1; 10]),
            locale: Locale::english(),
            max_rating: 18,
            needs_pin,
        };
        assert_eq!(without_asking(Some(profile(true))), None);
        assert_eq!(without_asking(Some(profile(false))), Some(profile(false)));
        assert_eq!(without_asking(None), None);
    }
}
