//! What the person said of a file.

use super::words::{DateOrder, List, Source};

/// What the person said of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub source: Source,
    pub list: Option<List>,
    pub date_order: Option<DateOrder>,
    pub source_profile: Option<String>,
}
