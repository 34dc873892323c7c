//! An import as its profile sees it.

use kernel::HistoryImportId;
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::words::{Refusal, Source, Status};

/// How long the file may be sent.
pub const LINK_LIFETIME: std::time::Duration = std::time::Duration::from_secs(3600);
/// An import that was not confirmed until then is given up when its profile begins another one.
pub const PATIENCE: Duration = Duration::days(7);
/// A file that has not come, or has not been read, until then will not be.
pub const ARRIVAL: Duration = Duration::hours(2);
/// Confirmed imports of a profile.
pub const MAX_CONFIRMED: i64 = 20;

/// What a file came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// Lines of the file, or items of its lists.
    pub lines: i32,
    /// What will be written: each title once for each thing that is said of it.
    pub matched: i64,
    /// What will not.
    pub missed: i64,
    /// Lines that say once more what another one says.
    pub duplicates: i32,
    /// Lines that are no viewing: trailers, what was collected, what began by itself.
    pub skipped: i32,
}

/// What was written: never over what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Written {
    pub history: i32,
    pub ratings: i32,
    pub watchlist: i32,
}

/// Why the file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refused {
    pub reason: Refusal,
    /// What happened and what to do.
    #[schema(example = "The file has not the columns of this service. Send the file as it was exported.")]
    pub detail: &'static str,
}

/// A history of another service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Import {
    pub id: HistoryImportId,
    pub source: Source,
    pub status: Status,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Once the file was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Once it was confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
    /// When it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}
