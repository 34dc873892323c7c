//! A template as its editor sees it.

use kernel::AccountId;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    content::Content,
    language::Language,
    store::wordings::Version,
    wording::{Body, Subject},
};

/// A version of a template's words in a language.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateVersion {
    /// Counts the changes of the template in all languages. 0: nobody has changed it.
    version: i64,
    language: Language,
    /// Null: the words that came with the program.
    #[schema(value_type = Option<String>, max_length = 200)]
    subject: Option<Subject>,
    /// Null: the words that came with the program.
    #[schema(value_type = Option<String>, max_length = 10000)]
    body: Option<Body>,
    /// Who made it; null when the account is gone.
    editor: Option<AccountId>,
    #[serde(with = "time::serde::rfc3339::option")]
    created_at: Option<OffsetDateTime>,
}

impl From<Version> for TemplateVersion {
    fn from(Version { number, language, wording, editor, created_at }: Version) -> Self {
        let (subject, body) = wording.map(|wording| (wording.subject, wording.body)).unzip();
        Self { version: number, language, subject, body, editor, created_at }
    }
}

/// A mail as it would be read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// One line.
    subject: String,
    /// For readers of plain text.
    text: String,
    /// For everyone else.
    html: String,
}

impl From<Content> for Preview {
    fn from(content: Content) -> Self {
        Self { text: content.text(), html: content.html(), subject: content.subject }
    }
}

/// The ETag of a template in a version.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
