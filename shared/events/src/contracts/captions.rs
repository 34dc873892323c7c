//! `cinema.media.captions_changed.v1`: every caption track that viewers of a title are offered.

use kernel::TitleId;
use proto::{media, types};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ContractError,
    fields::{data, line, parse, path, subject, words},
};
use crate::Event;

/// `zh-Hant-TW` has ten.
const LONGEST_LANGUAGE: usize = 35;

/// The captions of a title.
#[derive(Debug, Clone, PartialEq)]
pub struct Captions {
    /// The title.
    pub title: TitleId,
    /// Version of its captions: the highest wins.
    pub sequence: i64,
    /// Every track.
    pub tracks: Vec<CaptionTrack>,
}

/// Text to be read along with a film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaptionTrack {
    /// Its language (BCP 47).
    #[schema(example = "pt-BR")]
    pub language: String,
    /// For whom.
    pub kind: CaptionKind,
    /// How a player lists it, in its own language.
    #[schema(example = "Português (BR)")]
    pub name: String,
    /// Path of the WebVTT file below `/media/`.
    pub path: String,
}

words! {
    /// For whom captions are.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
    CaptionKind {
        /// For whoever does not understand the language.
        Subtitles = "subtitles",
        /// For whoever does not hear the sound.
        Captions = "captions",
        /// Only what everybody needs: signs, and speech in another language.
        Forced = "forced",
    }
}

impl Captions {
    /// Reads `captions_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: media::CaptionsChanged = data(event, &[types::CAPTIONS_CHANGED])?;
        let read = |from: &media::CaptionTrack| track([&from.language, &from.kind, &from.name, &from.path]);
        Ok(Self {
            title: subject(event, "title_id", &data.title_id)?,
            sequence: event.sequence,
            tracks: data.tracks.iter().filter_map(|track| read(track).transpose()).collect::<Result<_, _>>()?,
        })
    }
}

/// A track from its fields in the order of the message; one whose path cannot be an address is left out.
pub(super) fn track([language, kind, name, file]: [&String; 4]) -> Result<Option<CaptionTrack>, ContractError> {
    let is_tag = (2..=LONGEST_LANGUAGE).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_tag {
        return Err(ContractError::new("language", "is not a language"));
    }
    let (kind, name) = (parse("kind", kind)?, Some(line(name)).filter(|name| !name.is_empty()));
    let read =
        |path| CaptionTrack { name: name.unwrap_or_else(|| language.clone()), language: language.clone(), kind, path };
    Ok(path(file).filter(|path| path.contains('/')).map(read))
}
