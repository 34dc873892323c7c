//! Who wrote a field of a title. A provider writes what nobody has written, and goes on writing what it wrote itself; an editor's word stays.

use kernel::Locale;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::metadata::ProviderName;

/// Where the content of a field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An editor, who may also have emptied it.
    Editor,
    /// The name of a file that was dropped.
    File,
    /// The Movie Database.
    Tmdb,
}

impl From<ProviderName> for Origin {
    fn from(name: ProviderName) -> Self {
        match name {
            ProviderName::Tmdb => Self::Tmdb,
        }
    }
}

/// Who wrote a field, and when it last became what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Provenance {
    pub source: Origin,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// A field that a provider can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    OriginalTitle,
    Year,
    Countries,
    Genres,
    Credits,
    Name(&'a Locale),
    Synopsis(&'a Locale),
}

impl Field<'_> {
    /// JSON pointer into the title as its editor sees it.
    pub fn pointer(self) -> String {
        match self {
            Self::OriginalTitle => "/original_title".to_owned(),
            Self::Year => "/year".to_owned(),
            Self::Countries => "/countries".to_owned(),
            Self::Genres => "/genres".to_owned(),
            Self::Credits => "/credits".to_owned(),
            Self::Name(locale) => format!("/localisations/{locale}/name"),
            Self::Synopsis(locale) => format!("/localisations/{locale}/synopsis"),
        }
    }
}
