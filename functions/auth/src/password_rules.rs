//! Which passwords may be chosen. Length counts most; character classes are not asked for (NIST SP 800-63B).

use std::collections::BTreeSet;

use password::Password;

use crate::email::Email;

const MIN_CHARACTERS: usize = 10;
const MAX_CHARACTERS: usize = 128;
/// Fewer different characters than this is a pattern.
const MIN_DISTINCT: usize = 4;
/// A shorter name in front of the `@` is part of too many words.
const MIN_NAME: usize = 4;

/// What every list of leaked passwords begins with, as far as it is long enough to be chosen here.
const COMMON: &[&str] = &[
    "0123456789",
    "0987654321",
    "1122334455",
    "1234567890",
    "12345678910",
    "123456789a",
    "1234567891",
    "123456789q",
    "1234qwerasdf",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "987654321a",
    "9876543210",
    "abc1234567",
    "abcd123456",
    "abcdefghij",
    "adminadmin",
    "administrator",
    "asdfghjkl1",
    "asdfghjkl;",
    "changeme123",
    "dragon1234",
    "football123",
    "iloveyou123",
    "iloveyou12",
    "letmein123",
    "letmeinnow",
    "liverpool1",
    "manchester",
    "michael123",
    "monkey1234",
    "p@ssw0rd123",
    "passw0rd123",
    "password00",
    "password01",
    "password1!",
    "password12",
    "password123",
    "password1234",
    "password123!",
    "passwordpassword",
    "princess123",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwerty123!",
    "qwertyqwerty",
    "qwertyuiop",
    "qwertyuiop1",
    "starwars123",
    "sunshine123",
    "superman123",
    "welcome123",
    "welcome1234",
    "zxcvbnm123",
    "йцукенгшщз",
    "пароль1234",
    "пароль12345",
];

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("Use 10 to 128 characters.")]
    Length,
    #[error("Control characters cannot be part of a password.")]
    ControlCharacter,
    #[error("This password is among the first that are tried. Choose another.")]
    Common,
    #[error("The password must not contain your address.")]
    OwnAddress,
    #[error("This password is on a list of leaked passwords. Choose another.")]
    Leaked,
}

/// Whether a password may be chosen for an account with this address.
///
/// # Errors
/// Says what to change.
pub fn check(password: &Password, email: &Email) -> Result<(), WeakPassword> {
    let password = password.as_str();
    let characters = password.chars().count();
    if !(MIN_CHARACTERS..=MAX_CHARACTERS).contains(&characters) {
        return Err(WeakPassword::Length);
    }
    if password.chars().any(char::is_control) {
        return Err(WeakPassword::ControlCharacter);
    }
    let lower = password.to_lowercase();
    if COMMON.contains(&lower.as_str()) || lower.chars().collect::<BTreeSet<_>>().len() < MIN_DISTINCT {
        return Err(WeakPassword::Common);
    }
    let name = email.local();
    if lower.contains(email.as_str()) || name.len() >= MIN_NAME && lower.contains(name) {
        return Err(WeakPassword::OwnAddress);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> bool {
        check(&Password::from(password), &"alice@example.com".parse().unwrap()).is_err()
    }

    #[test]
    fn short_long_common_and_personal_passwords_are_refused() {
        for weak in [
            "short",
            "ninechars",
            "Password123",
            "qwertyuiop",
            "aaaaaaaaaaaa",
            "abababababab",
            "xx-Alice-2026",
            "my alice@example.com",
            "пароль12345",
            &"x9".repeat(65),
            "correct\thorse",
        ] {
            assert!(refused(weak), "{weak}");
        }
    }

    #[test]
    fn length_counts_in_characters_and_anything_else_is_allowed() {
        for strong in
            ["correct horse battery", "длинный пароль", "tr0ub4dor&3x", "   spaces are fine   ", &"abcd".repeat(32)]
        {
            assert!(!refused(strong), "{strong}");
        }
    }
}
