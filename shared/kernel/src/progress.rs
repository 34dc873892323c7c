//! How far somebody is in a title: the only place that says from where on it was begun, from where on it counts as watched, and where playing it
//! goes on.

/// From this share of the running time on a title was begun.
pub const BEGUN_PERCENT: u64 = 5;
/// From this share of the running time on a title counts as watched: what is left are the credits.
pub const WATCHED_PERCENT: u64 = 90;
/// Whatever runs shorter than these five minutes is not offered to watch on: trailers, clips.
pub const SHORTEST_CONTINUED_MS: u64 = 5 * 60 * 1000;

/// A place in a title, in milliseconds: what every service compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// From the beginning.
    pub position_ms: u64,
    /// Running time; 0 when unknown.
    pub duration_ms: u64,
}

impl Progress {
    /// From seconds, which are rounded to milliseconds; what is no number or negative counts as 0.
    pub fn of_seconds(position: f64, duration: f64) -> Self {
        let millis = |seconds: f64| (seconds * 1000.0).round() as u64;
        Self { position_ms: millis(position), duration_ms: millis(duration) }
    }

    /// Whether the title counts as watched; never while nobody knows how long it is.
    pub fn is_watched(self) -> bool {
        self.reaches(WATCHED_PERCENT)
    }

    /// Whether it is offered to watch on.
    pub fn is_continued(self) -> bool {
        self.duration_ms >= SHORTEST_CONTINUED_MS && self.reaches(BEGUN_PERCENT) && !self.is_watched()
    }

    /// Where playing begins, in milliseconds: at the start again when the title was watched.
    pub fn resumes_at_ms(self) -> u64 {
        if self.is_watched() { 0 } else { self.position_ms }
    }

    fn reaches(self, percent: u64) -> bool {
        self.duration_ms > 0 && u128::from(self.position_ms) * 100 >= u128::from(self.duration_ms) * u128::from(percent)
    }
}

/// [`Progress::is_watched`] over two columns of milliseconds.
pub fn is_watched_sql(position_ms: &str, duration_ms: &str) -> String {
    reaches_sql(position_ms, duration_ms, WATCHED_PERCENT)
}

/// Whether a title was begun and is long enough to be offered, over two columns of milliseconds: with [`is_watched_sql`]
/// [`Progress::is_continued`].
pub fn is_begun_sql(position_ms: &str, duration_ms: &str) -> String {
    format!("({duration_ms} >= {SHORTEST_CONTINUED_MS} and {})", reaches_sql(position_ms, duration_ms, BEGUN_PERCENT))
}

/// [`Progress::resumes_at_ms`] over two columns of milliseconds.
pub fn resumes_at_sql(position_ms: &str, duration_ms: &str) -> String {
    format!("(case when {} then 0 else {position_ms} end)", is_watched_sql(position_ms, duration_ms))
}

fn reaches_sql(position_ms: &str, duration_ms: &str, percent: u64) -> String {
    format!("({duration_ms} > 0 and {position_ms} * 100 >= {duration_ms} * {percent})")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_borders() {
        let film = 6_000_000;
        // Position, running time, whether it counts as watched, whether it is offered, where playing begins.
        for (position_ms, duration_ms, is_watched, is_continued, resumes_at_ms) in [
            (0, film, false, false, 0),
            (1, film, false, false, 1),
            (299_999, film, false, false, 299_999),
            (300_000, film, false, true, 300_000),
            (5_399_999, film, false, true, 5_399_999),
            (5_400_000, film, true, false, 0),
            (5_520_000, film, true, false, 0),
            (film, film, true, false, 0),
            (film + 1, film, true, false, 0),
            (u64::MAX, film, true, false, 0),
            // Nobody knows how long it is.
            (0, 0, false, false, 0),
            (300_000, 0, false, false, 300_000),
            // Five minutes, and a millisecond less.
            (150_000, 300_000, false, true, 150_000),
            (150_000, 299_999, false, false, 150_000),
            (270_000, 300_000, true, false, 0),
            (269_999, 299_999, false, false, 269_999),
            (0, u64::MAX, false, false, 0),
        ] {
            let progress = Progress { position_ms, duration_ms };
            let found = (progress.is_watched(), progress.is_continued(), progress.resumes_at_ms());
            assert_eq!(found, (is_watched, is_continued, resumes_at_ms), "{progress:?}");
        }
    }

    #[test]
    fn seconds_are_rounded_and_nonsense_is_nothing() {
        let millis = |position, duration| {
            let Progress { position_ms, duration_ms } = Progress::of_seconds(position, duration);
            (position_ms, duration_ms)
        };
        assert_eq!(millis(539.9996, 600.0), (540_000, 600_000));
        assert_eq!(millis(539.9994, 600.0), (539_999, 600_000));
        assert_eq!(millis(f64::NAN, -1.0), (0, 0));
        assert_eq!(millis(f64::INFINITY, f64::NEG_INFINITY), (u64::MAX, 0));
    }

    proptest! {
        #[test]
        fn whatever_is_offered_goes_on_where_it_was_left(position_ms in 0u64..8_000_000, duration_ms in 0u64..8_000_000) {
            let progress = Progress { position_ms, duration_ms };
            if progress.is_continued() {
                prop_assert_eq!(progress.resumes_at_ms(), position_ms);
            }
            // Nothing is offered that would begin in the credits.
            prop_assert!(!progress.is_watched() || progress.resumes_at_ms() == 0);
        }
    }
}
