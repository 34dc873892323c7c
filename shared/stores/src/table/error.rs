//! How a write fails.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
};

use super::failed;
use crate::StoreError;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The item is not as the condition wants it: who decided on what was read before reads and decides again.
    #[error("the conditions of the writes {0:?} do not hold")]
    Refused(
        /// Positions in the transaction; 0 for a write alone.
        Vec<usize>,
    ),
    /// Another write to one of the items was under way; the conditions may hold or not.
    #[error("another write was under way")]
    Conflict,
    /// The engine did not do it, or did not say whether it did.
    #[error(transparent)]
    Engine(#[from] StoreError),
}

impl WriteError {
    /// Of a write alone.
    pub(super) fn of_write<E, R>(error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        match error.as_service_error().and_then(ProvideErrorMetadata::code) {
            Some("ConditionalCheckFailedException") => Self::Refused(vec![0]),
            Some("TransactionConflictException") => Self::Conflict,
            _ => Self::Engine(failed(error)),
        }
    }

    /// Of a transaction: a condition that does not hold says more than another write that was under way.
    pub(super) fn of_transaction<R: std::fmt::Debug + 'static>(error: SdkError<TransactWriteItemsError, R>) -> Self {
        let codes: Vec<&str> = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let reasons = cancelled.cancellation_reasons().iter();
                reasons.map(|reason| reason.code().unwrap_or_default()).collect()
            }
            _ => Vec::new(),
        };
        let refused = codes.iter().enumerate().filter(|(_, code)| **code == "ConditionalCheckFailed");
        let refused: Vec<usize> = refused.map(|(at, _)| at).collect();
        if !refused.is_empty() {
            Self::Refused(refused)
        } else if codes.contains(&"TransactionConflict") {
            Self::Conflict
        } else {
            Self::Engine(failed(error))
        }
    }
}

/// Where no condition can fail, or where that is as bad as an engine that is down.
impl From<WriteError> for StoreError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Engine(error) => error,
            WriteError::Refused(_) | WriteError::Conflict => failed(error),
        }
    }
}

/// Whether a write happened; `false` when somebody else was faster.
///
/// # Errors
/// The engine's.
pub fn took_place(written: Result<(), WriteError>) -> Result<bool, StoreError> {
    match written {
        Ok(()) => Ok(true),
        Err(WriteError::Refused(_) | WriteError::Conflict) => Ok(false),
        Err(WriteError::Engine(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::{CancellationReason, error::TransactionCanceledException};

    use super::*;

    fn cancelled(codes: &[&str]) -> WriteError {
        let reasons = codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect();
        let error = TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons)).build();
        WriteError::of_transaction(SdkError::service_error(
            TransactWriteItemsError::TransactionCanceledException(error),
            "answer",
        ))
    }

    #[test]
    fn a_cancelled_transaction_says_which_conditions_failed() {
        let error = cancelled(&["None", "ConditionalCheckFailed", "TransactionConflict", "ConditionalCheckFailed"]);
        assert!(matches!(&error, WriteError::Refused(at) if *at == [1, 3]), "{error:?}");
        let error = cancelled(&["None", "TransactionConflict"]);
        assert!(matches!(error, WriteError::Conflict), "{error:?}");
    }

    #[test]
    fn a_throttled_transaction_is_the_engines_fault() {
        let error = cancelled(&["ThrottlingError", "None"]);
        assert!(matches!(error, WriteError::Engine(_)), "{error:?}");
        assert!(took_place(Err(error)).is_err());
        assert!(!took_place(Err(cancelled(&["ConditionalCheckFailed"]))).unwrap());
    }
}
