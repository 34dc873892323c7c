//! The captions of a title: one item, so that whatever is decided about them is decided in one order.

use events::contracts::CaptionTrack;
use kernel::{TitleId, UploadId};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    refusal::Refusal,
    track::{File, LINK_LIFETIME, Offered, Outcome, Track, TrackName, source_key},
};

/// Languages times kinds; the item stays far below the 400 KB of DynamoDB.
pub const MOST_TRACKS: usize = 100;
/// Files that wait for their removal: an editor cannot make more in a quarter of an hour than this.
pub const MOST_LEFTOVERS: usize = 300;
/// An address of a playlist or a segment is good for half a day at most: until then somebody may read what was replaced.
const LAST_READER: Duration = Duration::hours(13);
/// A file may be sent until its link expires, and S3 tells of it seconds later.
const LAST_ARRIVAL: Duration = Duration::minutes(15);

/// What is known of the captions of a title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TitleCaptions {
    pub title_id: TitleId,
    /// By language and kind.
    pub tracks: Vec<Track>,
    /// Objects that nobody needs any more.
    pub leftovers: Vec<Leftover>,
    #[serde(with = "time::serde::rfc3339")]
    pub changed_at: OffsetDateTime,
    /// When the reconciler removes the first of them.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<OffsetDateTime>,
    /// Counts changes; 0 before it is stored. The sequence of its events.
    pub version: i64,
}

/// An object that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    pub place: Place,
    pub key: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// In which bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Uploads,
    Media,
}

/// Why no further file can be announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnnounced {
    #[error("a title has at most {MOST_TRACKS} tracks")]
    TooManyTracks,
    #[error("{MOST_LEFTOVERS} files are being put away")]
    TooManyFiles,
}

impl TitleCaptions {
    pub fn none(title_id: TitleId) -> Self {
        let changed_at = OffsetDateTime::UNIX_EPOCH;
        Self { title_id, tracks: Vec::new(), leftovers: Vec::new(), changed_at, due_at: None, version: 0 }
    }

    /// Announces the next file of a track: from now on no earlier one counts. Viewers keep what they are offered until it is converted.
    pub fn announced(&self, name: &TrackName, upload_id: UploadId, now: OffsetDateTime) -> Result<Self, NotAnnounced> {
        let mut next = self.at(now);
        let file = File { upload_id, announced_at: now, outcome: None };
        match next.tracks.binary_search_by(|track| track.name.cmp(name)) {
            Ok(at) => next.tracks[at].file = file,
            Err(_) if self.tracks.len() >= MOST_TRACKS => return Err(NotAnnounced::TooManyTracks),
            Err(at) => next.tracks.insert(at, Track { name: name.clone(), file, offered: None }),
        }
        if self.leftovers.len() >= MOST_LEFTOVERS {
            return Err(NotAnnounced::TooManyFiles);
        }
        // Whatever becomes of the file: its bytes are needed once.
        let key = source_key(self.title_id, upload_id);
        Ok(next.leaving(Place::Uploads, key, now + LINK_LIFETIME + LAST_ARRIVAL))
    }

    /// The track that waits for this upload, unless this version of it was converted before.
    pub fn waiting(&self, upload: UploadId, identity: &str) -> Option<&TrackName> {
        let track = self.tracks.iter().find(|track| track.file.upload_id == upload)?;
        let is_known = track.file.outcome.as_ref().is_some_and(|outcome| outcome.identity == identity);
        (!is_known).then_some(&track.name)
    }

    /// What a file became; nothing when the track is gone or waits for another file.
    pub fn converted(
        &self,
        upload: UploadId,
        identity: &str,
        result: Result<Offered, Refusal>,
        now: OffsetDateTime,
    ) -> Self {
        let mut next = self.at(now);
        let Some(track) = next.tracks.iter_mut().find(|track| track.file.upload_id == upload) else { return next };
        let identity = identity.to_owned();
        match result {
            Ok(offered) => {
                track.file.outcome = Some(Outcome { identity, refusal: None });
                let replaced = track.offered.replace(offered.clone()).filter(|old| old.key != offered.key);
                next.leftovers.retain(|leftover| leftover.key != offered.key);
                next = next.replacing(replaced, now);
            }
            Err(refusal) => track.file.outcome = Some(Outcome { identity, refusal: Some(refusal) }),
        }
        next.due()
    }

    /// Without a track; `None` when there is no such track.
    pub fn without(&self, name: &TrackName, now: OffsetDateTime) -> Option<Self> {
        let mut next = self.at(now);
        let at = next.tracks.iter().position(|track| track.name == *name)?;
        let gone = next.tracks.remove(at);
        Some(next.replacing(gone.offered, now))
    }

    /// The objects whose time has come.
    pub fn outlived(&self, now: OffsetDateTime) -> impl Iterator<Item = &Leftover> {
        self.leftovers.iter().filter(move |leftover| leftover.at <= now)
    }

    /// After the removal of these objects.
    pub fn swept(&self, removed: &[Leftover]) -> Self {
        let mut next = self.clone();
        next.leftovers.retain(|leftover| !removed.contains(leftover));
        next.due()
    }

    /// What viewers are offered, as others hear it.
    pub fn offered(&self) -> Vec<CaptionTrack> {
        let told = |track: &Track| {
            let path = track.offered.as_ref()?.key.clone();
            let TrackName { language, kind } = &track.name;
            Some(CaptionTrack { language: language.to_string(), kind: *kind, name: track.name.shown(), path })
        };
        self.tracks.iter().filter_map(told).collect()
    }

    /// Whether somebody is offered this file, or the reconciler removes it.
    pub fn knows(&self, key: &str) -> bool {
        let offered = self.tracks.iter().filter_map(|track| track.offered.as_ref());
        offered
            .map(|offered| &offered.key)
            .chain(self.leftovers.iter().map(|leftover| &leftover.key))
            .any(|known| known == key)
    }

    fn at(&self, now: OffsetDateTime) -> Self {
        Self { changed_at: now, ..self.clone() }
    }

    fn replacing(self, offered: Option<Offered>, now: OffsetDateTime) -> Self {
        match offered {
            Some(offered) => self.leaving(Place::Media, offered.key, now + LAST_READER),
            None => self,
        }
    }

    fn leaving(mut self, place: Place, key: String, at: OffsetDateTime) -> Self {
        self.leftovers.push(Leftover { place, key, at });
        self.due()
    }

    fn due(mut self) -> Self {
        self.due_at = self.leftovers.iter().map(|leftover| leftover.at).min();
        self
    }
}

#[cfg(test)]
mod tests;
