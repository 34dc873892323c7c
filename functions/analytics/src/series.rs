//! A figure of a title over time.

use kernel::TitleId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    hour::Hour,
    span::Hours,
    store::series::{Point as Known, Source},
};

const HOURS_OF_A_DAY: u32 = 24;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Playback sessions.
    Starts,
    /// Sessions that were views.
    Views,
    /// Different profiles with a view.
    UniqueViewers,
    /// Seconds played, rounded down.
    WatchTimeSeconds,
    /// Completed views.
    CompletedViews,
}

impl Metric {
    /// The figure in a row of a roll-up.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Starts => "starts",
            Self::Views => "views",
            Self::UniqueViewers => "finalizeAggregation(viewers)",
            Self::WatchTimeSeconds => "intDiv(watched_ms, 1000)",
            Self::CompletedViews => "completed",
        }
    }
}

/// How long each point lasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// An hour, from the hourly roll-up.
    Hour,
    /// A whole day (UTC), from the daily roll-up: today is not in it.
    #[default]
    Day,
}

impl Interval {
    /// Where its figures are.
    pub fn source(self) -> Source {
        match self {
            Self::Hour => Source { table: "title_hours", column: "hour" },
            Self::Day => Source { table: "title_days", column: "day" },
        }
    }

    /// The span without `from`.
    pub fn usual_hours(self) -> u32 {
        match self {
            Self::Hour => 2 * HOURS_OF_A_DAY,
            Self::Day => 30 * HOURS_OF_A_DAY,
        }
    }

    /// The longest span: about a thousand points.
    pub fn most_hours(self) -> u32 {
        match self {
            Self::Hour => 42 * HOURS_OF_A_DAY,
            Self::Day => 1_098 * HOURS_OF_A_DAY,
        }
    }

    fn step(self) -> u32 {
        match self {
            Self::Hour => 1,
            Self::Day => HOURS_OF_A_DAY,
        }
    }

    /// The points of a span: from the one that its first hour lies in to before today, or before its end.
    pub fn hours(self, hours: Hours, now: Hour) -> Hours {
        match self {
            Self::Hour => hours,
            Self::Day => {
                Hours { from: hours.from.day(), until: hours.until.later(HOURS_OF_A_DAY - 1).day().min(now.day()) }
            }
        }
    }
}

/// A figure of a title, point by point without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Series {
    title_id: TitleId,
    metric: Metric,
    interval: Interval,
    #[serde(flatten)]
    hours: Hours,
    /// Oldest first.
    points: Vec<Point>,
}

/// A figure at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Point {
    /// When its hour or day begins.
    at: Hour,
    /// How many.
    value: u64,
}

impl Series {
    /// Points that nobody counted anything for are zero.
    pub fn new(title_id: TitleId, metric: Metric, interval: Interval, hours: Hours, known: &[Known]) -> Self {
        let value = |at: Hour| known.iter().find(|point| point.at == at.seconds()).map_or(0, |point| point.value);
        let count = hours.from.until(hours.until).div_ceil(interval.step());
        let ats = (0..count).map(|place| hours.from.later(place * interval.step()));
        Self { title_id, metric, interval, hours, points: ats.map(|at| Point { at, value: value(at) }).collect() }
    }
}

#[cfg(test)]
mod tests {
    use kernel::World;

    use super::*;

    #[test]
    fn a_series_has_no_gaps_and_days_are_whole() {
        let now = Hour::from_seconds(100 * 86_400 + 5 * 3_600);
        let asked = Hours { from: now.earlier(49), until: now.later(1) };
        let hours = Interval::Day.hours(asked, now);
        assert_eq!((hours.from, hours.until), (now.earlier(53), now.day()));
        let known = [Known { at: now.earlier(29).seconds(), value: 7 }];
        let series = Series::new(World::system().id(), Metric::Views, Interval::Day, hours, &known);
        assert_eq!(series.points.iter().map(|point| point.value).collect::<Vec<_>>(), [0, 7]);
        let series = Series::new(World::system().id(), Metric::Views, Interval::Hour, asked, &known);
        assert_eq!((series.points.len(), series.points[20].value), (50, 7));
        // A span within today has no whole day.
        let today = Interval::Day.hours(Hours { from: now, until: now.later(1) }, now);
        assert!(Series::new(World::system().id(), Metric::Views, Interval::Day, today, &known).points.is_empty());
    }
}
