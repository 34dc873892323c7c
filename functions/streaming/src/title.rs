//! What playback must know of a title, as the catalogue's events tell it.

use kernel::{
    AssetId, TitleId,
    policy::{Publication, TitleRules, Window},
};
use proto::catalog::TitleChanged;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// A title's rules and the film behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Title {
    /// Version of the title; the highest wins.
    pub sequence: i64,
    /// For the one predicate.
    pub rules: TitleRules,
    /// The attached film.
    pub film: Option<Film>,
    /// Intro, recap, credits.
    pub markers: Vec<Marker>,
}

/// A verified asset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Film {
    /// The asset.
    pub asset: AssetId,
    /// Seconds.
    pub duration: f64,
    /// Picture renditions.
    pub renditions: Vec<Picture>,
    /// Languages of the sound.
    pub audio_languages: Vec<String>,
    /// Languages of the captions.
    pub caption_languages: Vec<String>,
    /// Path of the sprites' index below `/media/`; empty: none.
    pub trickplay: String,
}

/// A picture rendition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Picture {
    /// Its name.
    pub name: String,
    /// In pixels.
    pub width: u32,
    /// In lines.
    pub height: u32,
    /// Peak, bits per second.
    pub bandwidth: u32,
}

/// A stretch that a player may offer to skip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Marker {
    /// `intro`, `recap` or `credits`.
    pub kind: String,
    /// Seconds from the beginning.
    pub from: f64,
    /// Seconds from the beginning.
    pub until: f64,
}

impl Title {
    /// Reads the event; the text says what does not fit.
    pub fn from_event(sequence: i64, data: &TitleChanged) -> Result<(TitleId, Self), String> {
        let id = data.title_id.parse().map_err(|error| format!("title_id: {error}"))?;
        let publication = match data.publication.as_str() {
            // Whatever was deleted was never public.
            _ if data.deleted => Publication::Draft,
            "draft" => Publication::Draft,
            "scheduled" => Publication::Scheduled,
            "published" => Publication::Published,
            "withdrawn" => Publication::Withdrawn,
            other => return Err(format!("publication: {other} is unknown")),
        };
        let rating = data.rating.map(u8::try_from).transpose().map_err(|error| format!("rating: {error}"))?;
        let windows = data.windows.iter().map(window).collect::<Result<_, _>>()?;
        let film = data.asset.as_ref().map(film).transpose()?;
        let rules = TitleRules { publication, rating, windows, has_asset: film.is_some() };
        let marker = |marker: &proto::catalog::Marker| Marker {
            kind: marker.kind.clone(),
            from: marker.from_seconds,
            until: marker.until_seconds,
        };
        Ok((id, Self { sequence, rules, film, markers: data.markers.iter().map(marker).collect() }))
    }
}

fn window(window: &proto::catalog::Window) -> Result<Window, String> {
    let time = |text: &Option<String>| {
        let text = text.as_deref().filter(|text| !text.is_empty());
        text.map(|text| OffsetDateTime::parse(text, &Rfc3339).map_err(|error| format!("windows: {error}"))).transpose()
    };
    let territories =
        window.territories.iter().map(|text| text.parse().map_err(|error| format!("territories: {error}")));
    Ok(Window {
        territories: territories.collect::<Result<_, _>>()?,
        plans: window.plans.clone(),
        from: time(&window.from)?,
        until: time(&window.until)?,
    })
}

fn film(asset: &proto::catalog::Asset) -> Result<Film, String> {
    let picture = |rendition: &proto::catalog::Rendition| Picture {
        name: rendition.name.clone(),
        width: rendition.width,
        height: rendition.height,
        bandwidth: rendition.bandwidth,
    };
    Ok(Film {
        asset: asset.asset_id.parse().map_err(|error| format!("asset_id: {error}"))?,
        duration: asset.duration_seconds.max(0.0),
        renditions: asset.renditions.iter().map(picture).collect(),
        audio_languages: asset.audio_languages.clone(),
        caption_languages: asset.caption_languages.clone(),
        trickplay: asset.trickplay.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> TitleChanged {
        TitleChanged {
            title_id: "ttl_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
            publication: "published".to_owned(),
            rating: Some(12),
            ..TitleChanged::default()
        }
    }

    #[test]
    fn a_deleted_title_does_not_exist() {
        let (_, title) = Title::from_event(2, &TitleChanged { deleted: true, ..event() }).unwrap();
        assert_eq!(title.rules.publication, Publication::Draft);
    }

    #[test]
    fn windows_and_assets_are_read_whole_or_not_at_all() {
        let window = |from: &str, territory: &str| proto::catalog::Window {
            territories: vec![territory.to_owned()],
            plans: vec![],
            from: Some(from.to_owned()),
            until: None,
        };
        let with = |windows| Title::from_event(1, &TitleChanged { windows, ..event() });
        assert!(with(vec![window("2026-01-01T00:00:00Z", "DE")]).is_ok());
        assert!(with(vec![window("", "DE")]).unwrap().1.rules.windows[0].from.is_none());
        assert!(with(vec![window("yesterday", "DE")]).is_err());
        assert!(with(vec![window("", "Germany")]).is_err());
        let asset = proto::catalog::Asset { asset_id: "none".to_owned(), ..Default::default() };
        assert!(Title::from_event(1, &TitleChanged { asset: Some(asset), ..event() }).is_err());
        assert!(Title::from_event(1, &TitleChanged { publication: "hidden".to_owned(), ..event() }).is_err());
    }
}
