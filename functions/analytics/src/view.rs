//! What counts: the definitions behind every figure, once in Rust and once in the words of SQL.
//!
//! - **View**: a session in which at least 30 s of the title were played, or at least 5 % of its running time (short titles).
//! - **Unique viewers**: different profiles with at least one view.
//! - **Watch time**: what was really played, from the last state of every session, those too short for a view included; skipped parts do not
//!   count, parts seen twice count twice.
//! - **Completed**: a view in which at least 90 % of the running time was played.
//!
//! Everything a session brings belongs to the hour (UTC) in which the session began.

use kernel::progress;

/// Played time that makes a view of any title.
pub const VIEW_MS: u64 = 30_000;
/// Share of the running time that makes a view of a short title.
pub const VIEW_PERCENT: u64 = 5;
/// Share of the running time that completes a view: as much as counts as watched.
pub const COMPLETED_PERCENT: u64 = progress::WATCHED_PERCENT;

/// The last state of a playback session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// Played in the session.
    pub watched_ms: u64,
    /// Running time of the title; 0 when unknown.
    pub duration_ms: u64,
}

impl Watched {
    /// Whether the session is a view.
    pub fn is_view(self) -> bool {
        self.watched_ms >= VIEW_MS || self.reaches(VIEW_PERCENT)
    }

    /// Whether the session is a completed view.
    pub fn is_completed(self) -> bool {
        self.is_view() && self.reaches(COMPLETED_PERCENT)
    }

    fn reaches(self, percent: u64) -> bool {
        self.duration_ms > 0 && u128::from(self.watched_ms) * 100 >= u128::from(self.duration_ms) * u128::from(percent)
    }
}

/// [`Watched::is_view`] over the columns of the view `sessions`.
pub fn is_view_sql() -> String {
    format!("(watched_ms >= {VIEW_MS} OR {})", reaches_sql(VIEW_PERCENT))
}

/// [`Watched::is_completed`] over the columns of the view `sessions`.
pub fn is_completed_sql() -> String {
    format!("({} AND {})", is_view_sql(), reaches_sql(COMPLETED_PERCENT))
}

fn reaches_sql(percent: u64) -> String {
    format!("(duration_ms > 0 AND watched_ms * 100 >= duration_ms * {percent})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_belong_to_the_view() {
        let film = |watched_ms| Watched { watched_ms, duration_ms: 7_200_000 };
        assert!(!film(29_999).is_view() && film(30_000).is_view());
        let clip = |watched_ms| Watched { watched_ms, duration_ms: 60_000 };
        assert!(!clip(2_999).is_view() && clip(3_000).is_view());
        assert!(!film(6_479_999).is_completed() && film(6_480_000).is_completed());
        let unknown = |watched_ms| Watched { watched_ms, duration_ms: 0 };
        assert!(!unknown(0).is_view() && unknown(30_000).is_view() && !unknown(u64::MAX).is_completed());
    }
}
