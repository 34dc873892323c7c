//! What a profile says of a title in so many words.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A verdict on a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// More like this.
    Like,
    /// Not this one, and less like it.
    Dislike,
    /// Not this one.
    NotInterested,
}

/// A verdict and when it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    pub verdict: Verdict,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// What a profile chose when it began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Onboarding {
    pub titles: Vec<kernel::TitleId>,
    /// Slugs.
    pub genres: Vec<String>,
}
