//! A title as its own page shows it.

use kernel::{
    AssetId, Languages, Locale, PersonId, Territory, TitleId, TitleKind, nearest,
    policy::{Audience, Refusal, leaving_soon_at, may_watch_once_paid},
};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    artwork::{ArtworkKind, Picture, PictureFile},
    asset::Asset,
    draft::{Credit, Marker},
    episode::Episode,
    genre::{Genre, Names},
    store::titles::FoundTitle,
    title::Title,
};

/// A title in the caller's language.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TitleDetail {
    pub id: TitleId,
    /// What it is.
    pub kind: TitleKind,
    pub slug: String,
    /// The language of name and synopsis; absent when there is only the original name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    pub name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synopsis: Option<String>,
    /// The name in the language in which it was made.
    pub original_title: String,
    /// When it first appeared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// Lowest age it is meant for, 0–18.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// Where it was made.
    pub countries: Vec<Territory>,
    pub genres: Vec<Genre>,
    /// Who made it.
    pub credits: Vec<ShownCredit>,
    pub artwork: Artwork,
    /// Opening and closing titles and the like.
    pub markers: Vec<Marker>,
    /// The film, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub film: Option<Film>,
    /// The series of a season, the season of an episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TitleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u16>,
    /// Of an episode the next one that this caller may see and that has a film: of its season, else of the next season. Specials are followed
    /// by specials only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_episode: Option<Episode>,
    /// When it became public.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub published_at: Option<OffsetDateTime>,
    /// Whether this caller can watch it with a plan that includes it.
    pub playable: bool,
    /// Why it cannot be watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<Refusal>,
    /// When it stops being offered where the caller is, if that is within 30 days.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub leaving_at: Option<OffsetDateTime>,
}

/// Somebody's part.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ShownCredit {
    pub person_id: PersonId,
    pub name: String,
    /// director, writer, actor, composer…
    pub role: String,
    /// Whom an actor plays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub character: Option<String>,
}

/// Pictures of a title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Artwork {
    /// The picture for lists: an editor's poster, else a picture of the film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poster_url: Option<String>,
    /// The poster that an editor uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poster: Option<ShownPicture>,
    /// What stands behind the title's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backdrop: Option<ShownPicture>,
    /// The name as it is drawn; may be transparent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<ShownPicture>,
}

/// A picture in a few widths.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ShownPicture {
    /// Pixels of the largest: what to leave room for.
    pub width: u32,
    /// Pixels of the largest.
    pub height: u32,
    /// ThumbHash in base64: what to show until a picture is there.
    pub placeholder: String,
    /// The narrowest first, each as WebP and as JPEG.
    pub sources: Vec<PictureSource>,
}

/// A picture in one width.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PictureSource {
    pub url: String,
    /// `image/webp` or `image/jpeg`
    #[serde(rename = "type")]
    pub media_type: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// The film behind a title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Film {
    pub asset_id: AssetId,
    /// Length in seconds.
    pub duration_seconds: f64,
    /// Lines of the best picture.
    pub max_height: u32,
    /// Languages that are spoken.
    pub audio_languages: Vec<String>,
    /// Languages that can be read.
    pub caption_languages: Vec<String>,
}

impl Artwork {
    /// Of a title, for somebody who may see it.
    pub fn of(title: &Title, public_url: &PublicUrl) -> Self {
        let shown = |kind| title.artwork.shown.get(&kind).map(|picture| ShownPicture::of(picture, public_url));
        Self {
            poster_url: title.poster().map(|path| public_url.media(path)),
            poster: shown(ArtworkKind::Poster),
            backdrop: shown(ArtworkKind::Backdrop),
            logo: shown(ArtworkKind::Logo),
        }
    }
}

impl ShownPicture {
    fn of(picture: &Picture, public_url: &PublicUrl) -> Self {
        let source = |file: &PictureFile| PictureSource {
            url: public_url.media(&file.path),
            media_type: file.encoding.media_type().to_owned(),
            width: file.width,
            height: file.height,
        };
        Self {
            width: picture.width,
            height: picture.height,
            placeholder: picture.placeholder.clone(),
            sources: picture.files.iter().map(source).collect(),
        }
    }
}

impl TitleDetail {
    /// The page of a title for a reader.
    pub(crate) fn of(
        found: FoundTitle,
        next_episode: Option<Episode>,
        (audience, reader): (&Audience, &Languages),
        now: OffsetDateTime,
        public_url: &PublicUrl,
    ) -> Self {
        let rules = found.rules();
        let FoundTitle { title, genres, .. } = found;
        let why_not = may_watch_once_paid(&rules, audience, now).err();
        let text = nearest(&title.about.localisations, reader);
        let named = |slug: &str| Genre::of(slug, genres.get(slug).unwrap_or(&Names::new()), reader);
        Self {
            id: title.id,
            kind: title.about.kind,
            slug: title.slug().to_owned(),
            locale: text.map(|(locale, _)| locale.clone()),
            name: text.map_or(&title.about.original_title, |(_, text)| &text.name).to_string(),
            synopsis: text.and_then(|(_, text)| text.synopsis.as_ref()).map(ToString::to_string),
            year: title.about.year.map(|year| year.0),
            rating: rules.rating,
            genres: title.about.genres.iter().map(|slug| named(slug.as_str())).collect(),
            credits: credits(&title),
            artwork: Artwork::of(&title, public_url),
            film: title.asset.map(film),
            original_title: title.about.original_title.to_string(),
            countries: title.about.countries,
            markers: title.about.markers,
            parent_id: title.about.parent_id,
            number: title.about.number,
            next_episode,
            published_at: title.published_at,
            playable: why_not.is_none(),
            why_not,
            leaving_at: leaving_soon_at(&rules, &audience.territory, now),
        }
    }
}

/// The credits in their order.
pub(crate) fn credits(title: &Title) -> Vec<ShownCredit> {
    let shown = |(credit, person): (&Credit, &PersonId)| ShownCredit {
        person_id: *person,
        name: credit.name.to_string(),
        role: credit.role.to_string(),
        character: credit.character.as_ref().map(ToString::to_string),
    };
    title.about.credits.iter().zip(&title.people).map(shown).collect()
}

fn film(asset: Asset) -> Film {
    Film {
        asset_id: asset.asset_id,
        duration_seconds: asset.duration_seconds,
        max_height: asset.max_height(),
        audio_languages: asset.audio_languages,
        caption_languages: asset.caption_languages,
    }
}
