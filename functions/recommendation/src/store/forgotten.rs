//! Until when histories were erased: what is told late of that time is refused.

use serde::{Deserialize, Serialize};

/// Until when a history was erased, of one title or of all.
#[derive(Serialize, Deserialize)]
pub struct Forgotten {
    /// Milliseconds since 1970.
    pub until: i64,
}
