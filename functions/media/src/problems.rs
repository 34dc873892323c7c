//! What the service refuses, as its clients hear it.

use cinema_http::{HeaderValue, Problem, StatusCode, header};
use kernel::TitleId;

use crate::{
    assets::step::NotRetried,
    captions::title::NotAnnounced,
    uploads::{parts::CompletionError, upload::InvalidFile},
};

/// 404.
pub(crate) fn no_such_upload() -> Problem {
    Problem::not_found("upload")
}

/// 410: S3 has dropped the parts.
pub(crate) fn upload_expired() -> Problem {
    Problem::new(StatusCode::GONE, "upload_expired", "This upload was not completed within a day. Start a new one.")
}

/// 410: somebody has ended it.
pub(crate) fn upload_aborted() -> Problem {
    Problem::new(StatusCode::GONE, "upload_aborted", "This upload was aborted. Start a new one.")
}

/// 409: its source is in the hands of the pipeline.
pub(crate) fn upload_completed() -> Problem {
    Problem::conflict("upload_completed", "This upload is complete. Delete the title if its film is not wanted.")
}

/// 404.
pub(crate) fn no_such_asset() -> Problem {
    Problem::not_found("asset")
}

/// 404: there is no such title, or it was deleted.
pub(crate) fn no_such_title(id: TitleId) -> Problem {
    Problem::not_found(&format!("title {id}")).at("/title_id", "names no title")
}

/// 404; 409 with `Retry-After` for a title that the catalogue may have made a moment ago.
pub(crate) fn unknown_title(may_come: bool) -> Problem {
    if !may_come {
        return Problem::not_found("title");
    }
    let detail = "The title has not arrived here yet. Try again in a second.";
    Problem::conflict("title_not_here_yet", detail).with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// 422.
pub(crate) fn captions_too_large() -> Problem {
    Problem::invalid("/size", "must be 1 to 2097152 bytes (2 MiB)".to_owned())
}

/// 409: a limit of a title is reached.
pub(crate) fn captions_not_announced(why: NotAnnounced) -> Problem {
    match why {
        NotAnnounced::TooManyTracks => Problem::conflict(
            "too_many_tracks",
            "A title has at most 100 caption tracks. Delete one that is not needed.",
        ),
        NotAnnounced::TooManyFiles => Problem::conflict(
            "too_many_files",
            "Very many files were sent for this title today. Try again in some hours.",
        ),
    }
}

/// 409 with `Retry-After`: the catalogue may have made it a moment ago.
pub(crate) fn title_not_here_yet(id: TitleId) -> Problem {
    let detail = format!("The title {id} has not arrived here yet. Try again in a second.");
    Problem::conflict("title_not_here_yet", detail).with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

impl From<NotRetried> for Problem {
    fn from(error: NotRetried) -> Self {
        match error {
            NotRetried::NotFailed => Self::conflict("asset_not_failed", "Only a film that failed can be tried again."),
            NotRetried::NoSource => Self::conflict(
                "source_missing",
                "The file never arrived whole, so there is nothing to try again. Upload it once more.",
            ),
        }
    }
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
