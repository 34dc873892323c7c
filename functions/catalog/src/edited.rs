//! A title as its editor sees it: everything that was written, its state, and what still keeps it from the public.

use kernel::{PersonId, TitleId, policy::Publication};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    asset::{Asset, Failure, Source},
    detail::Artwork,
    draft::Draft,
    publication::unmet,
    title::Title,
};

/// A title as its editor sees it. Its ETag is its version.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EditedTitle {
    pub id: TitleId,
    /// Counts its changes from 1; the ETag.
    pub version: i64,
    /// How far it is.
    pub publication: Publication,
    /// Lowest age it is meant for, 0–18.
    pub rating: Option<u8>,
    /// When it became, or becomes, public.
    #[serde(with = "time::serde::rfc3339::option")]
    pub published_at: Option<OffsetDateTime>,
    /// The film.
    pub asset: Option<Asset>,
    /// Its pictures. Their addresses are told to editors alone until the title is public.
    pub artwork: Artwork,
    /// Why the newest upload did not become a film.
    pub failure: Option<Failure>,
    /// The newest file, and what became of it.
    pub source: Option<Source>,
    /// The persons of the credits, in their order.
    pub people: Vec<PersonId>,
    /// Rules of publication that are not met: pointers into this document.
    pub unmet: Vec<String>,
    /// What can be changed.
    #[serde(flatten)]
    pub about: Draft,
}

impl EditedTitle {
    /// The title at a moment.
    pub fn of(title: &Title, now: OffsetDateTime, public_url: &PublicUrl) -> Self {
        Self {
            id: title.id,
            version: title.version,
            publication: title.publication,
            rating: title.rating,
            published_at: title.published_at,
            asset: title.asset.clone(),
            artwork: Artwork::of(title, public_url),
            failure: title.failure.clone(),
            source: title.source.clone(),
            people: title.people.clone(),
            unmet: unmet(title, now).into_iter().map(|rule| rule.pointer().to_owned()).collect(),
            about: title.about.clone(),
        }
    }
}
