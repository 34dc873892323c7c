//! What signing in needs to know of a profile.

use kernel::{Locale, ProfileId};

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

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

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
