//! How many sessions lived at once.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::span::Hours;

/// Concurrent playback sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Concurrency {
    /// Sessions that live at this moment.
    pub now: u64,
    #[serde(flatten)]
    pub hours: Hours,
    /// The most that lived at once in these hours.
    pub peak: u64,
    /// When so many first did; absent where nobody watched.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub peak_at: Option<OffsetDateTime>,
}
