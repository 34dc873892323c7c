//! What the service refuses, as its clients hear it.

use cinema_http::{Problem, StatusCode};

use crate::uploads::{parts::CompletionError, upload::InvalidFile};

/// 404.
pub(crate) fn no_such_upload() -> Problem {
    Problem::not_found("upload")
}

/// 410: S3 has dropped the parts.
pub(crate) fn upload_expired() -> Problem {
    Problem::new(StatusCode::GONE, "upload_expired", "This upload was not completed within a day. Start a new one.")
}

impl From<InvalidFile> for Problem {
    fn from(error: InvalidFile) -> Self {
        let pointer = match error {
            InvalidFile::Empty | InvalidFile::TooLarge => "/size",
            InvalidFile::Filename => "/filename",
        };
        Self::invalid(pointer, error.to_string())
    }
}

impl From<CompletionError> for Problem {
    fn from(error: CompletionError) -> Self {
        let unprocessable = |code, detail: String| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
        match error {
            CompletionError::Missing(parts) => {
                let count = parts.len();
                let detail =
                    format!("{count} parts have not arrived whole. Send them again, then complete the upload.");
                unprocessable("parts_missing", detail).with("missing", parts)
            }
            CompletionError::Surplus => unprocessable(
                "parts_surplus",
                "There are more parts than the announced size has. Start a new upload.".to_owned(),
            ),
            CompletionError::Changed(code) => unprocessable(
                "parts_changed",
                "A part was sent again meanwhile. Complete the upload once more.".to_owned(),
            )
            .because(code),
            CompletionError::Expired => upload_expired(),
            CompletionError::Store(error) => error.into(),
        }
    }
}
