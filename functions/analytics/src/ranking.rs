//! Which titles are watched most, and which are watched more than before.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    hour::Hour,
    span::Hours,
    store::ranking::{Popular, Trending},
};

/// Views that a title is thought to have had in both windows already: one view after none is no trend.
pub const PRIOR_VIEWS: u64 = 10;

/// How far back a ranking looks, in full hours with the current one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// 24 hours.
    #[default]
    Day,
    /// 168 hours.
    Week,
    /// 720 hours.
    Month,
}

impl Window {
    fn length(self) -> u32 {
        match self {
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        }
    }

    /// Its hours, and as many before them.
    pub fn hours(self, now: Hour) -> (Hours, Hours) {
        let until = now.later(1);
        let from = until.earlier(self.length());
        (Hours { from, until }, Hours { from: from.earlier(self.length()), until: from })
    }
}

/// Titles by views; of equals the one with more watch time comes first, then the older id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PopularTitles {
    #[serde(flatten)]
    hours: Hours,
    items: Vec<PopularTitle>,
}

/// A title that is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PopularTitle {
    title_id: String,
    /// In English, else as it was made; empty for one that the catalogue has not told of yet.
    name: String,
    views: u64,
    /// Different profiles with a view.
    unique_viewers: u64,
    /// Rounded down.
    watch_time_seconds: u64,
}

/// Titles by how much more they are watched than in the window before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrendingTitles {
    #[serde(flatten)]
    hours: Hours,
    items: Vec<TrendingTitle>,
}

/// A title and how its views grow.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrendingTitle {
    title_id: String,
    /// In English, else as it was made; empty for one that the catalogue has not told of yet.
    name: String,
    views: u64,
    /// In as many hours before.
    views_before: u64,
    /// (`views` + 10) / (`views_before` + 10), four decimals: above 1 it grows.
    growth: f64,
}

impl PopularTitles {
    /// In their order.
    pub fn new(hours: Hours, titles: Vec<Popular>) -> Self {
        let item = |title: Popular| PopularTitle {
            title_id: title.title_id,
            name: title.name,
            views: title.views,
            unique_viewers: title.unique_viewers,
            watch_time_seconds: title.watched_ms / 1000,
        };
        Self { hours, items: titles.into_iter().map(item).collect() }
    }
}

impl TrendingTitles {
    /// In their order.
    pub fn new(hours: Hours, titles: Vec<Trending>) -> Self {
        let item = |title: Trending| TrendingTitle {
            title_id: title.title_id,
            name: title.name,
            views: title.views,
            views_before: title.views_before,
            growth: crate::share::ratio(title.views + PRIOR_VIEWS, title.views_before + PRIOR_VIEWS)
                .unwrap_or_default(),
        };
        Self { hours, items: titles.into_iter().map(item).collect() }
    }
}
