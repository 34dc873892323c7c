//! What a profile watched in a year.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::own_year::{WatchedMonth, WatchedTitle};

const MOST_TITLES: usize = 10;
const MOST_GENRES: usize = 5;

/// A year of one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnYear {
    year: i32,
    /// Seconds played, rounded down.
    watch_time_seconds: u64,
    /// Sessions that were views.
    views: u64,
    /// Views in which at least 90 % of the running time were played.
    completed_views: u64,
    /// Different titles with a view.
    titles: u64,
    /// The ten that were watched longest.
    top_titles: Vec<OwnTitle>,
    /// The five genres that were watched longest; a title of two genres counts for both.
    top_genres: Vec<OwnGenre>,
    /// January to December (UTC).
    months: Vec<OwnMonth>,
}

/// A title that the profile watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnTitle {
    title_id: String,
    name: String,
    watch_time_seconds: u64,
    views: u64,
}

/// A genre that the profile watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnGenre {
    /// Its slug.
    genre: String,
    watch_time_seconds: u64,
}

/// A month of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnMonth {
    /// 1 to 12.
    month: u8,
    watch_time_seconds: u64,
    views: u64,
}

impl OwnYear {
    /// From the titles, those that were watched longest first, and the months in which something was watched.
    pub fn new(year: i32, titles: &[WatchedTitle], months: &[WatchedMonth]) -> Self {
        let sum = |figure: fn(&WatchedTitle) -> u64| titles.iter().map(figure).sum::<u64>();
        let mut genres: BTreeMap<&str, u64> = BTreeMap::new();
        for title in titles {
            for genre in &title.genres {
                *genres.entry(genre).or_default() += title.watched_ms;
            }
        }
        let mut genres: Vec<_> = genres.into_iter().collect();
        genres.sort_by_key(|(genre, watched_ms)| (std::cmp::Reverse(*watched_ms), *genre));
        let own_title = |title: &WatchedTitle| OwnTitle {
            title_id: title.title_id.clone(),
            name: title.name.clone(),
            watch_time_seconds: title.watched_ms / 1000,
            views: title.views,
        };
        let own_genre = |(genre, watched_ms): (&str, u64)| OwnGenre {
            genre: genre.to_owned(),
            watch_time_seconds: watched_ms / 1000,
        };
        let own_month = |month: u8| {
            let known = months.iter().find(|known| known.month == month);
            let (views, watched_ms) = known.map_or((0, 0), |known| (known.views, known.watched_ms));
            OwnMonth { month, watch_time_seconds: watched_ms / 1000, views }
        };
        Self {
            year,
            watch_time_seconds: sum(|title| title.watched_ms) / 1000,
            views: sum(|title| title.views),
            completed_views: sum(|title| title.completed),
            titles: sum(|title| u64::from(title.views > 0)),
            top_titles: titles.iter().filter(|title| title.watched_ms > 0).take(MOST_TITLES).map(own_title).collect(),
            top_genres: genres.into_iter().filter(|(_, ms)| *ms > 0).take(MOST_GENRES).map(own_genre).collect(),
            months: (1..=12).map(own_month).collect(),
        }
    }
}
