//! When in the week people watch.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{span::Hours, store::title_hours::HourOfWeek};

/// Hours of a day.
const HOURS: u8 = 24;

/// Sessions by the day of the week and the hour (UTC) in which they began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Week {
    #[serde(flatten)]
    hours: Hours,
    /// Monday 0 h to Sunday 23 h: 168 of them.
    cells: Vec<Cell>,
    /// The one with the most watch time; of equals the first. Absent where nobody watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak: Option<Cell>,
}

/// An hour of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cell {
    /// 1 is Monday, 7 Sunday.
    weekday: u8,
    /// 0 to 23, UTC.
    hour: u8,
    /// Sessions that began in it.
    starts: u64,
    /// Sessions that were views.
    views: u64,
    /// Seconds that were played in them, rounded down.
    watch_time_seconds: u64,
}

impl Week {
    /// From the cells in which somebody watched.
    pub fn new(hours: Hours, watched: &[HourOfWeek]) -> Self {
        let places = (1..=7).flat_map(|weekday| (0..HOURS).map(move |hour| (weekday, hour)));
        let cell = |(weekday, hour)| {
            let known = watched.iter().find(|known| (known.weekday, known.hour_of_day) == (weekday, hour));
            let (starts, views, watched_ms) =
                known.map_or((0, 0, 0), |known| (known.starts, known.views, known.watched_ms));
            Cell { weekday, hour, starts, views, watch_time_seconds: watched_ms / 1000 }
        };
        let busiest = watched
            .iter()
            .max_by_key(|known| (known.watched_ms, std::cmp::Reverse((known.weekday, known.hour_of_day))));
        let peak = busiest.filter(|known| known.watched_ms > 0).map(|known| cell((known.weekday, known.hour_of_day)));
        Self { hours, cells: places.map(cell).collect(), peak }
    }
}
