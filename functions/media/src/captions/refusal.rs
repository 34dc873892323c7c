//! Why a file cannot become captions, for whoever made it: what is wrong, in which line, and what to do.

use kernel::text::visible_part;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// As much of a line as is shown of it.
const LONGEST_EXCERPT: usize = 40;

/// Why a file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// Stable, for programs.
    #[schema(example = "ends_before_it_begins")]
    pub code: String,
    /// What is wrong and what to do about it.
    pub detail: String,
    /// The line of the file, from 1, where it is one line's fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("the file is larger than 2 MiB; captions of a film are a tenth of that: is it the right file?")]
    TooLarge,
    #[error("the file is no text; export the captions as SubRip (.srt), WebVTT (.vtt) or TTML (.ttml, .xml)")]
    NoText,
    #[error("not UTF-8; save the file as UTF-8 and upload it again")]
    Encoding,
    #[error("the file is neither SubRip (.srt) nor WebVTT (.vtt) nor TTML (.ttml, .xml)")]
    UnknownFormat,
    #[error("there is no caption in the file")]
    NoCues,
    #[error("the file has more than 20000 captions: is it the right file?")]
    TooManyCues,
    #[error("expected times such as 00:01:02,500 --> 00:01:04,000, found {0}")]
    NoTimes(String),
    #[error("{0} is no time; write it as 00:01:02,500")]
    BadTime(String),
    #[error("the caption has no end; add one")]
    NoEnd,
    #[error("the caption ends before or when it begins; correct one of its times")]
    EndsBeforeItBegins,
    #[error("times beyond 24 hours are no place in a film; the file may count from another beginning")]
    TooLate,
    #[error("the file is one piece of a stream, with times counted from elsewhere; upload the whole file")]
    PieceOfAStream,
    #[error("not well-formed XML; export the file once more")]
    Xml,
    #[error("an XML document type is not accepted; remove the line that begins with <!DOCTYPE")]
    DocumentType,
    #[error("the rates of the document are none; state them as ttp:frameRate=\"25\" or leave them out")]
    Rates,
    #[error("{0} is not supported; export the file with begin and end on each paragraph")]
    Unsupported(&'static str),
}

impl Fault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NoText => "not_text",
            Self::Encoding => "unknown_encoding",
            Self::UnknownFormat => "unknown_format",
            Self::NoCues => "no_captions",
            Self::TooManyCues => "too_many_captions",
            Self::NoTimes(_) => "times_missing",
            Self::BadTime(_) => "invalid_time",
            Self::NoEnd => "end_missing",
            Self::EndsBeforeItBegins => "ends_before_it_begins",
            Self::TooLate => "beyond_24_hours",
            Self::PieceOfAStream => "piece_of_a_stream",
            Self::Xml => "malformed_xml",
            Self::DocumentType => "document_type",
            Self::Rates => "invalid_rates",
            Self::Unsupported(_) => "unsupported",
        }
    }

    /// Of the whole file.
    pub(super) fn whole(self) -> Refusal {
        Refusal { code: self.code().to_owned(), detail: capitalised(&format!("{self}.")), line: None }
    }

    /// In a line; lines count from 0 here.
    pub(super) fn at(self, line: usize) -> Refusal {
        let line = u32::try_from(line + 1).unwrap_or(u32::MAX);
        Refusal { code: self.code().to_owned(), detail: format!("Line {line}: {self}."), line: Some(line) }
    }

    pub(super) fn no_times(found: Option<&str>) -> Self {
        Self::NoTimes(found.filter(|line| !line.trim().is_empty()).map_or("nothing".to_owned(), excerpt))
    }

    pub(super) fn bad_time(text: &str) -> Self {
        Self::BadTime(if text.trim().is_empty() { "nothing".to_owned() } else { excerpt(text) })
    }
}

fn excerpt(text: &str) -> String {
    let shown = visible_part(text, LONGEST_EXCERPT);
    if text.trim().chars().count() > LONGEST_EXCERPT { format!("“{shown}…”") } else { format!("“{shown}”") }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
