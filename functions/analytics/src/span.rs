//! Which hours an answer counts.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::hour::Hour;

/// A month and some hours: more would have to be read than a request may wait for.
pub const MOST_HOURS: u32 = 31 * 24;

/// Which hours count; sessions belong to the hour in which they began.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// First hour; from the beginning without it.
    #[param(value_type = Option<Hour>)]
    pub from: Option<Hour>,
    /// First hour that no longer counts; until now without it.
    #[param(value_type = Option<Hour>)]
    pub until: Option<Hour>,
}

/// Bounded hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hours {
    /// First hour.
    pub from: Hour,
    /// First hour that no longer counts.
    pub until: Hour,
}

/// The hours cannot be answered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Nothing lies between them.
    #[error("must be later than `from`")]
    Empty,
    /// Too many.
    #[error("at most {most} hours after `from`")]
    Long {
        /// How many may be asked for.
        most: u32,
    },
}

impl Span {
    /// At most `most` hours; without an end until the current hour is over, without a beginning `usual` hours.
    ///
    /// # Errors
    /// For none and for too many.
    pub fn within(self, now: Hour, usual: u32, most: u32) -> Result<Hours, SpanError> {
        let until = self.until.unwrap_or_else(|| now.later(1));
        let from = self.from.unwrap_or_else(|| until.earlier(usual));
        match from.until(until) {
            0 => Err(SpanError::Empty),
            hours if hours > most => Err(SpanError::Long { most }),
            _ => Ok(Hours { from, until }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_an_end_and_a_length() {
        let now = Hour::from_seconds(1_000 * 3_600);
        let hours = Span::default().within(now, 24, 48).unwrap();
        assert_eq!((hours.from, hours.until), (now.earlier(23), now.later(1)));
        let from = |from| Span { from: Some(from), until: None }.within(now, 24, 48);
        assert_eq!(from(now.later(1)), Err(SpanError::Empty));
        assert_eq!(from(now.earlier(48)), Err(SpanError::Long { most: 48 }));
        assert!(from(now.earlier(47)).is_ok());
    }
}
