//! The figures of one title.

use kernel::TitleId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{hour::Hour, share::ratio, span::Span, store::title_hours::Totals};

/// How a title was watched, from the hourly roll-up.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Overview {
    title_id: TitleId,
    from: Option<Hour>,
    until: Option<Hour>,
    /// Playback sessions, also those too short for a view.
    starts: u64,
    /// Sessions in which at least 30 s, or at least 5 % of the running time, were played.
    views: u64,
    /// Different profiles with at least one view.
    unique_viewers: u64,
    /// Seconds really played in all sessions, rounded down: skipped parts do not count, parts seen twice count twice.
    watch_time_seconds: u64,
    /// Views in which at least 90 % of the running time were played.
    completed_views: u64,
    /// `completed_views` / `views`, 0 to 1 with four decimals; absent without views.
    #[serde(skip_serializing_if = "Option::is_none")]
    completion: Option<f64>,
}

impl Overview {
    /// The answer for some totals.
    pub fn new(title_id: TitleId, span: Span, totals: &Totals) -> Self {
        Self {
            title_id,
            from: span.from,
            until: span.until,
            starts: totals.starts,
            views: totals.views,
            unique_viewers: totals.unique_viewers,
            watch_time_seconds: totals.watched_ms / 1000,
            completed_views: totals.completed,
            completion: ratio(totals.completed, totals.views),
        }
    }
}
