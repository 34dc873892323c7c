//! Times as events and mails carry them.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// RFC 3339 text; empty for years that it has no form for.
pub(crate) fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
