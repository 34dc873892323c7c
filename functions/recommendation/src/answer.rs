//! Titles in answers, each with what speaks for it.

use kernel::{Languages, TitleCard, TitleId, policy::Audience};
use runtime::PublicUrl;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{catalogue::Catalogue, model::Reason};

/// A title and why it is here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recommended {
    pub title: TitleCard,
    /// What the list is ordered by.
    pub score: f32,
    /// What speaks for it, the strongest first: titles that the profile watched, liked or chose, or the title that was asked about. Empty where
    /// only others' watching or the catalogue speaks for it.
    pub evidence: Vec<Reason>,
}

/// Titles.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecommendedList {
    /// Best first.
    pub items: Vec<Recommended>,
    /// The version of the model; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
}

/// For whom cards are made, and when.
pub struct Reader<'a> {
    pub audience: &'a Audience,
    pub languages: &'a Languages,
    pub now: OffsetDateTime,
    pub public_url: &'a PublicUrl,
}

impl Reader<'_> {
    /// A title as an answer shows it; `None` when it left the catalogue.
    pub fn recommended(
        &self,
        catalogue: &Catalogue,
        title: TitleId,
        score: f32,
        evidence: Vec<Reason>,
    ) -> Option<Recommended> {
        let card = catalogue.get(title)?.card((self.audience, self.languages), self.now, self.public_url);
        Some(Recommended { title: card, score, evidence })
    }
}
