//! A title as a profile's own lists show it.

use kernel::{TitleId, TitleKind};
use serde::Serialize;
use sqlx::{FromRow, Row, postgres::PgRow};
use utoipa::ToSchema;

/// A title in the profile's language.
#[derive(Debug, Serialize, ToSchema)]
pub struct Card {
    /// Its id.
    pub id: TitleId,
    /// What it is.
    pub kind: TitleKind,
    /// Its address.
    pub slug: String,
    /// In the profile's language, else in English, else in any.
    pub name: String,
    /// When it first appeared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// Lowest age it is meant for, 0–18.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<i16>,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poster_url: Option<String>,
    /// Length in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// Series of a season, season of an episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TitleId>,
    /// Which season of its series, which episode of its season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i32>,
}

/// The columns behind a card.
#[derive(Debug)]
pub struct CardRow {
    title_id: String,
    kind: String,
    slug: String,
    name: Option<String>,
    year: Option<i16>,
    rating: Option<i16>,
    poster: Option<String>,
    duration_seconds: Option<f64>,
    parent_id: Option<String>,
    number: i32,
}

impl FromRow<'_, PgRow> for CardRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            title_id: row.try_get("title_id")?,
            kind: row.try_get("kind")?,
            slug: row.try_get("slug")?,
            name: row.try_get("name")?,
            year: row.try_get("year")?,
            rating: row.try_get("rating")?,
            poster: row.try_get("poster")?,
            duration_seconds: row.try_get("duration_seconds")?,
            parent_id: row.try_get("parent_id")?,
            number: row.try_get("number")?,
        })
    }
}

impl CardRow {
    /// The title's id.
    pub fn title_id(&self) -> &str {
        &self.title_id
    }

    /// The card, with pictures below `public_url`.
    ///
    /// # Errors
    /// When the row holds what no title can have.
    pub fn card(self, public_url: &str) -> Result<Card, sqlx::Error> {
        fn read<T: std::str::FromStr>(text: &str) -> Result<T, sqlx::Error>
        where
            T::Err: std::error::Error + Send + Sync + 'static,
        {
            text.parse().map_err(|error: T::Err| sqlx::Error::Decode(error.into()))
        }
        Ok(Card {
            id: read(&self.title_id)?,
            kind: read(&self.kind)?,
            slug: self.slug,
            name: self.name.unwrap_or_default(),
            year: self.year,
            rating: self.rating,
            poster_url: self.poster.map(|path| format!("{}/media/{path}", public_url.trim_end_matches('/'))),
            duration_seconds: self.duration_seconds,
            number: self.parent_id.is_some().then_some(self.number),
            parent_id: self.parent_id.as_deref().map(read).transpose()?,
        })
    }
}
