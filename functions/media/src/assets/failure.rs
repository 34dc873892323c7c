//! Failures of a job: whether it is worth another try, and what an editor is told when it is not.

use std::fmt;

use serde::{Deserialize, Serialize};
use stores::StoreError;
use utoipa::ToSchema;

use crate::{assets::job::JobKind, film::violation::Violation, tools::error::MediaError};

/// So many attempts may fail because of the tools or the material.
pub const MOST_TOOL_ATTEMPTS: u32 = 3;
/// So many attempts may be killed or fail because an engine is down.
pub const MOST_ATTEMPTS: u32 = 6;
/// More violations than these say nothing new.
const MOST_NAMED: usize = 5;

/// Why an asset cannot become a film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssetError {
    /// Stable, for programs.
    pub code: String,
    /// What a person can act on.
    pub detail: String,
}

impl AssetError {
    /// Whether what was encoded is at fault, and not only what was done with it.
    pub fn condemns_the_film(&self) -> bool {
        [JobKind::Package, JobKind::Verify].iter().any(|kind| kind.failure_code() == self.code)
    }
}

/// How one attempt at a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The source or what was made of it is at fault: the same work gives the same verdict.
    Refused(AssetError),
    /// A tool failed: a few more attempts may help.
    Tool { detail: String },
    /// An engine was down, or time was up.
    Transient { detail: String },
}

impl Failure {
    /// A verdict that no retry changes.
    pub fn refused(code: &str, detail: impl Into<String>) -> Self {
        Failure::Refused(AssetError { code: code.to_owned(), detail: detail.into() })
    }

    /// The film is not whole.
    pub fn violations(code: &str, violations: &[Violation]) -> Self {
        let named: Vec<String> = violations.iter().take(MOST_NAMED).map(ToString::to_string).collect();
        let rest = violations.len().saturating_sub(MOST_NAMED);
        let rest = if rest > 0 { format!("; and {rest} more") } else { String::new() };
        Self::refused(
            code,
            format!("the finished film did not pass its check ({}{rest}); upload the file again", named.join("; ")),
        )
    }

    /// Whether it was the last attempt.
    pub(crate) fn is_final(&self, attempts: u32) -> bool {
        match self {
            Failure::Refused(_) => true,
            Failure::Tool { .. } => attempts >= MOST_TOOL_ATTEMPTS,
            Failure::Transient { .. } => attempts >= MOST_ATTEMPTS,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(error) => f.write_str(&error.detail),
            Failure::Tool { detail } | Failure::Transient { detail } => f.write_str(detail),
        }
    }
}

impl From<MediaError> for Failure {
    fn from(error: MediaError) -> Self {
        match &error {
            MediaError::Refused(refusal) => Failure::refused(refusal.code(), refusal.to_string()),
            MediaError::TimeUp { .. } | MediaError::Start { .. } | MediaError::File { .. } => {
                Failure::Transient { detail: error.to_string() }
            }
            MediaError::Tool { .. }
            | MediaError::Unexpected { .. }
            | MediaError::Encoder { .. }
            | MediaError::Boxes(_) => Failure::Tool { detail: error.to_string() },
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Transient { detail: error.to_string() }
    }
}
