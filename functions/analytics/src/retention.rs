//! Which parts of a title were watched.

use kernel::TitleId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{hour::Hour, span::Span, store::retention::Watched};

/// Length of a part.
pub const PART_SECONDS: u32 = 10;

/// How many sessions played each part of a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Retention {
    title_id: TitleId,
    from: Option<Hour>,
    until: Option<Hour>,
    /// Length of a part.
    part_seconds: u32,
    /// Sessions that played any part of it: what the counts are compared with.
    sessions: u64,
    /// Sessions that played something of each part, from the beginning of the title to the last part that anybody played. A session that plays a part
    /// twice counts once; a part that was skipped does not count.
    watched: Vec<u64>,
}

impl Retention {
    /// Parts in which nobody played anything are zero.
    pub fn new(title_id: TitleId, span: Span, sessions: u64, parts: &[Watched]) -> Self {
        let count = parts.iter().map(|part| part.part + 1).max().unwrap_or_default();
        let mut watched = vec![0; usize::try_from(count).unwrap_or_default()];
        for part in parts {
            if let Some(place) = usize::try_from(part.part).ok().and_then(|place| watched.get_mut(place)) {
                *place = part.sessions;
            }
        }
        Self { title_id, from: span.from, until: span.until, part_seconds: PART_SECONDS, sessions, watched }
    }
}
