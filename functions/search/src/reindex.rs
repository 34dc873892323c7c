//! An index that is built anew.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// How far a new index is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reindex {
    /// The index.
    pub name: String,
    /// What became of it.
    pub state: ReindexState,
    /// When somebody asked for it.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it became live or failed.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<OffsetDateTime>,
    /// Titles that were copied so far.
    pub copied: i64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Titles up to this id are copied.
    #[serde(skip)]
    pub position: String,
}

/// What became of a new index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReindexState {
    /// Titles are copied and compared; searches read the index before.
    Building,
    /// Searches read it, or did until another took its place.
    Live,
    /// It was not complete or not right, and is gone.
    Failed,
}

impl ReindexState {
    /// The word used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Live => "live",
            Self::Failed => "failed",
        }
    }

    /// From its word; the table holds no other.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "live" => Self::Live,
            "building" => Self::Building,
            _ => Self::Failed,
        }
    }
}
