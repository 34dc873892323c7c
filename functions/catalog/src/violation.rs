//! What is wrong with a draft, and where.

use std::fmt::Display;

/// One part that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer (RFC 6901) into the draft.
    pub pointer: String,
    /// What must be there.
    pub reason: String,
}

impl Violation {
    pub(crate) fn new(pointer: impl Into<String>, reason: impl Display) -> Self {
        Self { pointer: pointer.into(), reason: reason.to_string() }
    }

    /// The same below another pointer.
    pub(crate) fn below(self, pointer: &str) -> Self {
        Self { pointer: format!("{pointer}{}", self.pointer), ..self }
    }
}

/// Every part of a draft that is wrong; at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", first.pointer, first.reason)]
pub struct InvalidDraft {
    pub(crate) first: Violation,
    pub(crate) others: Vec<Violation>,
}

impl InvalidDraft {
    /// A draft that is wrong in one part.
    pub(crate) fn at(pointer: impl Into<String>, reason: impl Display) -> Self {
        Self { first: Violation::new(pointer, reason), others: Vec::new() }
    }

    /// Refuses a draft with violations.
    pub(crate) fn unless_empty(violations: Vec<Violation>) -> Result<(), Self> {
        let mut violations = violations.into_iter();
        match violations.next() {
            None => Ok(()),
            Some(first) => Err(Self { first, others: violations.collect() }),
        }
    }
}
