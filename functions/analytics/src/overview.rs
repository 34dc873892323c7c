//! The figures of one title.

use kernel::TitleId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{hour::Hour, store::title_hours::Totals};

/// Which hours count; sessions belong to the hour in which they began.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// First hour; from the beginning without it.
    #[param(value_type = Option<Hour>)]
    pub from: Option<Hour>,
    /// First hour that no longer counts; until now without it.
    #[param(value_type = Option<Hour>)]
    pub until: Option<Hour>,
}

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

/// With four decimals, rounded half up.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    let ten_thousandths = (u128::from(part) * 20_000 + u128::from(whole)).checked_div(2 * u128::from(whole))?;
    Some(ten_thousandths as f64 / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_has_four_decimals() {
        assert_eq!(ratio(0, 0), None);
        assert_eq!((ratio(2, 3), ratio(3, 3), ratio(0, 3)), (Some(0.6667), Some(1.0), Some(0.0)));
    }
}
