//! `cinema.catalog.title_changed.v1`: the newest state of a title.

use kernel::{
    AssetId, Locale, Names, PersonId, Territory, TitleId, TitleKind,
    policy::{ADULT, Publication, TitleRules, Window},
};
use proto::{catalog, types};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{
    CaptionTrack, ContractError, Protection, Rendition,
    captions::track,
    fields::{
        data, line, lines, locale, number, optional_moment, parse, parse_all, parse_optional, path, plan, seconds,
        subject, text, words,
    },
};
use crate::Event;

const LATEST_YEAR: i16 = 2_200;
const HIGHEST_NUMBER: i32 = 99_999;

/// A title as the catalogue tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Title {
    /// Its id.
    pub id: TitleId,
    /// Its version: the highest wins.
    pub sequence: i64,
    /// What it is.
    pub kind: TitleKind,
    /// Its address.
    pub slug: String,
    /// What it is called.
    pub names: Names,
    /// By locale; only those that are there.
    pub synopses: Vec<(Locale, String)>,
    /// Who may see it. A deleted title is a draft: nobody sees it, as if it had never been (only drafts can be deleted).
    pub rules: TitleRules,
    /// When it first appeared.
    pub year: Option<i16>,
    /// Where it was made.
    pub countries: Vec<Territory>,
    /// Slugs.
    pub genres: Vec<String>,
    /// Who made it.
    pub credits: Vec<Credit>,
    /// What is played.
    pub film: Option<Film>,
    /// What can be read along with it; of the title, whichever film it has.
    pub captions: Vec<CaptionTrack>,
    /// What a player offers to skip.
    pub markers: Vec<Marker>,
    /// Path of the poster below `/media/`.
    pub poster: Option<String>,
    /// When it became, or becomes, public.
    pub published_at: Option<OffsetDateTime>,
    /// Series of a season, season of an episode.
    pub parent: Option<TitleId>,
    /// Its place among its siblings.
    pub number: i32,
    /// Who is paid for what is watched of it.
    pub rights_holder: Option<String>,
    /// Whether it is gone for ever.
    pub is_deleted: bool,
}

/// Somebody's part in a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// Absent where the person is not in the catalogue's register.
    pub person: Option<PersonId>,
    /// The person's name.
    pub name: String,
    /// director, writer, actor, composer…
    pub role: String,
    /// Whom an actor plays.
    pub character: Option<String>,
    /// The person's name in other languages or spellings.
    pub also_known_as: Vec<String>,
}

/// A verified film.
#[derive(Debug, Clone, PartialEq)]
pub struct Film {
    /// The asset behind it.
    pub asset: AssetId,
    /// Its length.
    pub duration_seconds: f64,
    /// The pictures it is offered in.
    pub renditions: Vec<Rendition>,
    /// Lines of the best picture.
    pub max_height: u32,
    /// Languages of the sound.
    pub audio_languages: Vec<String>,
    /// Languages of the captions.
    pub caption_languages: Vec<String>,
    /// Path of the preview pictures' index below `/media/`.
    pub trickplay: Option<String>,
    /// How it is encrypted.
    pub protection: Protection,
}

/// A stretch of the film that a player may offer to skip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Marker {
    /// What happens there.
    pub kind: MarkerKind,
    /// From the beginning of the film.
    pub from_seconds: f64,
    /// First moment after it.
    pub until_seconds: f64,
}

words! {
    /// What happens in a marked stretch.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
    MarkerKind {
        /// The opening titles.
        Intro = "intro",
        /// What happened before.
        Recap = "recap",
        /// The closing titles.
        Credits = "credits",
    }
}

impl Title {
    /// Reads `title_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: catalog::TitleChanged = data(event, &[types::TITLE_CHANGED])?;
        let film = data.asset.as_ref().map(film).transpose()?;
        let rating = data.rating.map(|rating| number("rating", rating, ADULT)).transpose()?;
        let publication = if data.deleted { Publication::Draft } else { parse("publication", &data.publication)? };
        let texts = || data.localisations.iter().filter_map(|text| Some((locale(&text.locale)?, text)));
        let names = texts().map(|(locale, text)| (locale, line(&text.name))).filter(|(_, name)| !name.is_empty());
        let synopses = texts().map(|(locale, local)| (locale, text(&local.synopsis)));
        Ok(Self {
            id: subject(event, "title_id", &data.title_id)?,
            sequence: event.sequence,
            kind: parse("kind", &data.kind)?,
            slug: line(&data.slug),
            names: Names { by_locale: names.collect(), original: line(&data.original_title) },
            synopses: synopses.filter(|(_, synopsis)| !synopsis.is_empty()).collect(),
            rules: TitleRules {
                publication,
                rating,
                windows: data.windows.iter().map(window).collect::<Result<_, _>>()?,
                has_asset: film.is_some(),
            },
            year: Some(number("year", data.year, LATEST_YEAR)?).filter(|year| *year > 0),
            countries: parse_all("countries", &data.countries)?,
            genres: lines(&data.genres),
            credits: data.credits.iter().map(credit).collect::<Result<_, _>>()?,
            film,
            captions: data.captions.iter().filter_map(|from| captions(from).transpose()).collect::<Result<_, _>>()?,
            markers: data.markers.iter().map(marker).collect::<Result<_, _>>()?,
            poster: path(&data.poster),
            published_at: optional_moment("published_at", &data.published_at)?,
            parent: parse_optional("parent_id", &data.parent_id)?,
            number: number("number", data.number, HIGHEST_NUMBER)?,
            rights_holder: Some(line(&data.rights_holder)).filter(|holder| !holder.is_empty()),
            is_deleted: data.deleted,
        })
    }

    /// Length of the film, while there is one.
    pub fn duration_seconds(&self) -> Option<f64> {
        self.film.as_ref().map(|film| film.duration_seconds)
    }
}

fn window(window: &catalog::Window) -> Result<Window, ContractError> {
    let moment = |text: &Option<String>| optional_moment("windows", text.as_deref().unwrap_or_default());
    Ok(Window {
        territories: parse_all("windows", &window.territories)?,
        plans: window.plans.iter().map(|key| plan("windows", key)).collect::<Result<_, _>>()?,
        from: moment(&window.from)?,
        until: moment(&window.until)?,
    })
}

fn credit(credit: &catalog::Credit) -> Result<Credit, ContractError> {
    Ok(Credit {
        person: parse_optional("credits", &credit.person_id)?,
        name: line(&credit.name),
        role: line(&credit.role),
        character: Some(line(&credit.character)).filter(|character| !character.is_empty()),
        also_known_as: lines(&credit.also_known_as),
    })
}

fn film(asset: &catalog::Asset) -> Result<Film, ContractError> {
    let rendition = |from: &catalog::Rendition| Rendition {
        name: line(&from.name),
        width: from.width,
        height: from.height,
        bandwidth: from.bandwidth,
    };
    Ok(Film {
        asset: parse("asset_id", &asset.asset_id)?,
        duration_seconds: seconds("duration_seconds", asset.duration_seconds)?,
        renditions: asset.renditions.iter().map(rendition).collect(),
        max_height: asset.max_height,
        audio_languages: lines(&asset.audio_languages),
        caption_languages: lines(&asset.caption_languages),
        trickplay: path(&asset.trickplay),
        protection: parse_optional("protection", &asset.protection)?.unwrap_or_default(),
    })
}

fn captions(from: &catalog::CaptionTrack) -> Result<Option<CaptionTrack>, ContractError> {
    track([&from.language, &from.kind, &from.name, &from.path])
}

fn marker(marker: &catalog::Marker) -> Result<Marker, ContractError> {
    Ok(Marker {
        kind: parse("markers", &marker.kind)?,
        from_seconds: seconds("markers", marker.from_seconds)?,
        until_seconds: seconds("markers", marker.until_seconds)?,
    })
}
