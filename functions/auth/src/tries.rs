//! How often a short secret was tried and was wrong: a PIN, or the code of an authenticator.

use time::{Duration, OffsetDateTime};

/// So many wrong tries lock it.
pub const MAX_TRIES: i32 = 5;
/// For how long.
pub const LOCK: Duration = Duration::minutes(15);

/// The tries of one secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Since the last success or lock.
    pub tries: i32,
    /// Nothing is looked at before.
    pub locked_until: Option<OffsetDateTime>,
}

impl Tries {
    /// Counts a try before it is looked at, so that tries at the same time count as well.
    ///
    /// # Errors
    /// How long nothing is looked at.
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
        let mut secret = Tries::default();
        for _ in 0..MAX_TRIES {
            secret = secret.count(now).unwrap();
        }
        assert_eq!(secret.count(now), Err(LOCK));
        assert_eq!(secret.count(now + LOCK - Duration::SECOND), Err(Duration::SECOND));
        assert_eq!(secret.count(now + LOCK).map(|secret| secret.tries), Ok(1));
    }
}
