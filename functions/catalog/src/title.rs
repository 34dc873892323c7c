//! A title: what the editor wrote, what the pipeline attached and how far it is on its way to the public.

use std::collections::BTreeMap;

use events::contracts::{CaptionKind, CaptionTrack, Rendition};
use kernel::{
    Locale, Names, PersonId, TitleId,
    policy::{Publication, TitleRules, Window},
};
use proto::catalog;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    artwork::ArtworkKind,
    asset::{Asset, Failure, Report, Source, attached, newest_source},
    draft::{Draft, Localisation},
    pictures::{Pictures, Upload},
    provenance::Provenance,
    text::{ExternalId, Slug},
};

/// The whole state of a title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Title {
    pub id: TitleId,
    /// Counts its changes from 1.
    pub version: i64,
    /// How far it is.
    pub publication: Publication,
    /// Lowest age it is meant for.
    pub rating: Option<u8>,
    /// When it became, or becomes, public.
    #[serde(with = "time::serde::rfc3339::option")]
    pub published_at: Option<OffsetDateTime>,
    /// The film.
    pub asset: Option<Asset>,
    /// What went wrong since.
    pub failure: Option<Failure>,
    /// The newest file.
    #[serde(default)]
    pub source: Option<Source>,
    /// What can be read along with it, whichever film it has.
    #[serde(default)]
    pub captions: Vec<CaptionTrack>,
    /// What editors uploaded.
    #[serde(default, skip_serializing_if = "Pictures::is_empty")]
    pub artwork: Pictures,
    /// What the editor wrote; its slug is always there.
    pub about: Draft,
    /// The persons of the credits, in their order.
    pub people: Vec<PersonId>,
    /// Who wrote what, where it was not an editor; see [`crate::provenance`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provenance: BTreeMap<String, Provenance>,
    /// What others call it, by whoever does: `tmdb`, `imdb`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<Slug, ExternalId>,
}

impl Title {
    /// A draft that nobody has seen yet.
    pub fn new(id: TitleId, about: Draft, people: Vec<PersonId>) -> Self {
        Self {
            id,
            version: 1,
            publication: Publication::Draft,
            rating: None,
            published_at: None,
            asset: None,
            failure: None,
            source: None,
            captions: vec![],
            artwork: Pictures::default(),
            about,
            people,
            provenance: BTreeMap::new(),
            external_ids: BTreeMap::new(),
        }
    }

    /// What the visibility policy looks at.
    pub fn rules(&self) -> TitleRules {
        TitleRules {
            publication: self.publication,
            rating: self.rating,
            windows: self.about.windows.clone(),
            has_asset: self.asset.is_some(),
        }
    }

    /// Whether somebody else has an id of it.
    pub fn is_called_by(&self, namer: &str) -> bool {
        self.external_ids.keys().any(|name| name.as_str() == namer)
    }

    /// Its address.
    pub fn slug(&self) -> &str {
        self.about.slug.as_ref().map_or("", Slug::as_str)
    }

    /// Path of its poster below `/media/`: an editor's, else the one that is made from the film.
    pub fn poster(&self) -> Option<&str> {
        let uploaded = self.artwork.shown.get(&ArtworkKind::Poster).map(|picture| picture.card.as_str());
        uploaded.or_else(|| self.asset.as_ref()?.poster.as_deref())
    }

    /// Its strong ETag: the version.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    /// The title after the pipeline's reports.
    #[must_use]
    pub fn with_reports(&self, reports: &[Report], captions: &[CaptionTrack]) -> Self {
        let (asset, failure) = attached(reports);
        let asset = asset.map(|asset| Asset { caption_languages: readable(captions), ..asset });
        Self { asset, failure, source: newest_source(reports), captions: captions.to_vec(), ..self.clone() }
    }

    /// The title after what became of its uploads.
    #[must_use]
    pub fn with_uploads(&self, uploads: &[Upload]) -> Self {
        Self { artwork: Pictures::of(uploads), ..self.clone() }
    }

    /// What it is called, by language.
    pub fn names(&self) -> Names {
        let texts = self.about.localisations.iter();
        Names {
            by_locale: texts.map(|(locale, text)| (locale.clone(), text.name.to_string())).collect(),
            original: self.about.original_title.to_string(),
        }
    }

    /// [`Title::rules`] within those of the season and the series that it belongs to.
    pub fn rules_within(&self, wholes: &[Self]) -> TitleRules {
        wholes.iter().fold(self.rules(), |rules, whole| rules.within(&whole.rules()))
    }

    /// The state that other services learn: whoever may not see the series may not see its episodes.
    pub fn event(&self, wholes: &[Self]) -> catalog::TitleChanged {
        let about = &self.about;
        let TitleRules { publication, rating, windows, .. } = self.rules_within(wholes);
        catalog::TitleChanged {
            title_id: self.id.to_string(),
            kind: about.kind.as_str().to_owned(),
            slug: self.slug().to_owned(),
            publication: publication.as_str().to_owned(),
            rating: rating.map(u32::from),
            windows: windows.iter().map(window).collect(),
            year: about.year.map_or(0, |year| u32::try_from(year.0).unwrap_or(0)),
            original_title: about.original_title.to_string(),
            countries: about.countries.iter().map(ToString::to_string).collect(),
            genres: about.genres.iter().map(ToString::to_string).collect(),
            localisations: about.localisations.iter().map(localisation).collect(),
            credits: self.credits(),
            asset: self.asset.as_ref().map(asset),
            markers: about.markers.iter().map(marker).collect(),
            poster: self.poster().unwrap_or_default().to_owned(),
            deleted: false,
            published_at: self.published_at.map(text).unwrap_or_default(),
            parent_id: about.parent_id.map(|id| id.to_string()).unwrap_or_default(),
            number: about.number.map_or(0, u32::from),
            captions: self.captions.iter().map(caption_track).collect(),
            rights_holder: about.rights_holder.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    fn credits(&self) -> Vec<catalog::Credit> {
        let credit = |(credit, person): (&crate::draft::Credit, &PersonId)| catalog::Credit {
            person_id: person.to_string(),
            name: credit.name.to_string(),
            role: credit.role.to_string(),
            character: credit.character.as_ref().map(ToString::to_string).unwrap_or_default(),
            also_known_as: credit.also_known_as.iter().map(ToString::to_string).collect(),
        };
        self.about.credits.iter().zip(&self.people).map(credit).collect()
    }
}

/// The languages in which all that is said can be read.
fn readable(captions: &[CaptionTrack]) -> Vec<String> {
    let mut languages: Vec<String> = Vec::new();
    for track in captions.iter().filter(|track| track.kind != CaptionKind::Forced) {
        if !languages.contains(&track.language) {
            languages.push(track.language.clone());
        }
    }
    languages
}

fn caption_track(track: &CaptionTrack) -> catalog::CaptionTrack {
    let CaptionTrack { language, kind, name, path } = track.clone();
    catalog::CaptionTrack { language, kind: kind.to_string(), name, path }
}

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

fn window(window: &Window) -> catalog::Window {
    catalog::Window {
        territories: window.territories.iter().map(ToString::to_string).collect(),
        plans: window.plans.clone(),
        from: window.from.map(text),
        until: window.until.map(text),
    }
}

fn localisation((locale, text): (&Locale, &Localisation)) -> catalog::Localisation {
    catalog::Localisation {
        locale: locale.to_string(),
        name: text.name.to_string(),
        synopsis: text.synopsis.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn marker(marker: &crate::draft::Marker) -> catalog::Marker {
    let kind = marker.kind.as_str().to_owned();
    catalog::Marker { kind, from_seconds: marker.from_seconds, until_seconds: marker.until_seconds }
}

fn asset(asset: &Asset) -> catalog::Asset {
    let rendition = |rendition: &Rendition| catalog::Rendition {
        name: rendition.name.clone(),
        width: rendition.width,
        height: rendition.height,
        bandwidth: rendition.bandwidth,
    };
    catalog::Asset {
        asset_id: asset.asset_id.to_string(),
        duration_seconds: asset.duration_seconds,
        max_height: asset.max_height(),
        audio_languages: asset.audio_languages.clone(),
        caption_languages: asset.caption_languages.clone(),
        trickplay: asset.trickplay.clone().unwrap_or_default(),
        protection: asset.protection.to_string(),
        renditions: asset.renditions.iter().map(rendition).collect(),
    }
}

#[cfg(test)]
mod tests {
    use events::Event;
    use kernel::{Id, World};
    use proto::types::TITLE_CHANGED;
    use serde_json::{Value, json};

    use super::*;

    fn title(texts: Value) -> Title {
        let about = json!({"kind": "film", "slug": "a", "original_title": "Оригинал", "localisations": texts});
        Title::new(
            TitleId::from_parts(OffsetDateTime::UNIX_EPOCH, [0; 10]),
            serde_json::from_value(about).unwrap(),
            vec![],
        )
    }

    #[test]
    fn what_is_told_is_what_others_read() {
        let mut title = title(json!({"en": {"name": "E", "synopsis": "S"}, "pt-BR": {"name": "B"}}));
        (title.publication, title.rating) = (Publication::Published, Some(12));
        let windows = json!([{"territories": ["DE"], "plans": ["premium"], "from": "2026-01-01T00:00:00.125Z"}]);
        title.about.windows = serde_json::from_value(windows).unwrap();
        let event = Event::new(&World::system(), TITLE_CHANGED, title.id, title.version, &title.event(&[]));
        let read = events::Title::read(&event).unwrap();
        assert_eq!(
            (read.id, read.kind, read.rules, read.names),
            (title.id, title.about.kind, title.rules(), title.names())
        );
        assert!(!read.is_deleted);
    }

    #[test]
    fn the_document_round_trips() {
        let title = title(json!({"en": {"name": "E", "synopsis": "S"}}));
        let document = serde_json::to_value(&title).unwrap();
        assert_eq!(serde_json::from_value::<Title>(document).unwrap(), title);
    }
}
