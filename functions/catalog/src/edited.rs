//! A title as its editor sees it: everything that was written, its state, and what still keeps it from the public.

use std::collections::BTreeMap;

use kernel::{ArtworkId, PersonId, TitleId, policy::Publication};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    artwork::ArtworkKind,
    asset::{Asset, Failure, Source},
    detail::Artwork,
    draft::Draft,
    picture::PictureRefusal,
    pictures::{Latest, UploadState},
    provenance::Provenance,
    publication::unmet,
    text::{ExternalId, Slug},
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
    pub artwork: EditedArtwork,
    /// Why the newest upload did not become a film.
    pub failure: Option<Failure>,
    /// The newest file, and what became of it.
    pub source: Option<Source>,
    /// The persons of the credits, in their order.
    pub people: Vec<PersonId>,
    /// Rules of publication that are not met: pointers into this document.
    pub unmet: Vec<String>,
    /// Where fields come from that no editor has written, by pointers into this document, and which of those an editor has changed since:
    /// no import writes over an editor's. A field that is not named is an editor's, or empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provenance: BTreeMap<String, Provenance>,
    /// What others call it, by whoever does: `tmdb`, `imdb`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, ExternalId>)]
    pub external_ids: BTreeMap<Slug, ExternalId>,
    /// What can be changed.
    #[serde(flatten)]
    pub about: Draft,
}

/// Pictures of a title, and what became of the files for them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EditedArtwork {
    #[serde(flatten)]
    pub shown: Artwork,
    /// The latest upload of each kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub uploads: BTreeMap<ArtworkKind, LatestUpload>,
}

/// The latest upload of a kind of picture.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LatestUpload {
    pub upload_id: ArtworkId,
    pub state: UploadState,
    /// Why it was refused: for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<PictureRefusal>,
    /// What can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Until when its file can be sent.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// What an editor can do about a file that never came.
const NOTHING_CAME: &str = "No file came in time, or none that could be looked at. Upload it again.";

impl EditedArtwork {
    /// The pictures at a moment.
    pub fn of(title: &Title, now: OffsetDateTime, public_url: &PublicUrl) -> Self {
        let uploads =
            title.artwork.uploads.iter().map(|(kind, latest)| (*kind, LatestUpload::of(latest, now))).collect();
        Self { shown: Artwork::of(title, public_url), uploads }
    }
}

impl LatestUpload {
    fn of(latest: &Latest, now: OffsetDateTime) -> Self {
        let state = latest.state_at(now);
        let detail = match state {
            UploadState::Expired => Some(NOTHING_CAME.to_owned()),
            _ => latest.reason.map(PictureRefusal::detail),
        };
        Self { upload_id: latest.upload_id, state, reason: latest.reason, detail, expires_at: latest.expires_at }
    }
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
            artwork: EditedArtwork::of(title, now, public_url),
            failure: title.failure.clone(),
            source: title.source.clone(),
            people: title.people.clone(),
            unmet: unmet(title, now).into_iter().map(|rule| rule.pointer().to_owned()).collect(),
            provenance: title.provenance.clone(),
            external_ids: title.external_ids.clone(),
            about: title.about.clone(),
        }
    }
}
