//! An asset: a source on its way to a film. Every change is a decision on its state; one that does not fit the state changes nothing.

use kernel::{AssetId, Id, TitleId, TraceParent, UploadId};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    assets::{
        failure::AssetError,
        job::{Job, JobKind},
        object::Object,
        row::JobRow,
        summary::{FilmSummary, ProofSummary},
    },
    recipe::{plan::Plan, source::Source},
};

/// The reconciler looks at an asset on its way this often.
pub const LOOK_EVERY: Duration = Duration::minutes(1);
/// An upload may take so long: a day later its parts are gone.
pub const UPLOAD_LIMIT: Duration = Duration::hours(25);
/// An asset on which nothing has changed for so long is stuck.
pub const STUCK_AFTER: Duration = Duration::hours(6);

/// How far an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waiting for the source.
    Uploading,
    /// Looking at the source.
    Probing,
    /// Encoding chunks and sound.
    Encoding,
    /// Writing playlists.
    Packaging,
    /// Proving that the film is whole.
    Verifying,
    /// Can be shown.
    Ready,
    /// Will never be shown; `error` says why.
    Failed,
}

/// A source on its way to a film.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    pub asset_id: AssetId,
    /// The title it is for.
    pub title_id: TitleId,
    /// The upload that announced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<UploadId>,
    /// What the person called it.
    pub filename: String,
    /// Bytes of the source; 0 while unknown.
    pub size: u64,
    pub state: State,
    /// Whether it was dropped into the inbox: its draft title has to be made.
    pub is_dropped: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Object>,
    /// What the workers read: the source or its remuxed copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Object>,
    /// [`Source`] as JSON: small, exact, and read only by those who need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// [`Plan`] as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// From the packager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub film: Option<FilmSummary>,
    /// From the verifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofSummary>,
    /// What was left out.
    #[serde(default)]
    pub warnings: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<AssetError>,
    /// When it was announced or dropped.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its state last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Of the request that announced it; see [`stores::trace`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// When the reconciler looks at it.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<OffsetDateTime>,
    /// Counts changes; 0 before it is stored. The sequence of its events.
    pub version: i64,
}

/// The key of an asset's poster in bucket `media`: the same when the film is made once more.
pub fn poster_key(asset: AssetId) -> String {
    format!("{asset}/poster.jpg")
}

/// An asset's next state, and the job that begins with it.
pub type Step = (Asset, Option<JobRow>);

impl Asset {
    /// Announced by an upload.
    pub fn announced(
        asset_id: AssetId,
        title_id: TitleId,
        upload_id: UploadId,
        filename: &str,
        size: u64,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            asset_id,
            title_id,
            upload_id: Some(upload_id),
            filename: filename.to_owned(),
            size,
            state: State::Uploading,
            is_dropped: false,
            origin: None,
            input: None,
            source: None,
            plan: None,
            film: None,
            proof: None,
            warnings: Vec::new(),
            error: None,
            created_at: now,
            updated_at: now,
            traceparent: None,
            due_at: Some(now + UPLOAD_LIMIT),
            version: 0,
        }
    }

    /// Found in the bucket: dropped into the inbox, or a further version under the key of an upload.
    pub fn found(object: &Object, title_id: Option<TitleId>, size: u64, now: OffsetDateTime) -> Step {
        let placeholder = UploadId::from_uuid(Uuid::nil());
        let title = title_id.unwrap_or_else(|| object.title_id());
        let asset = Self {
            upload_id: None,
            is_dropped: title_id.is_none(),
            ..Self::announced(object.asset_id(), title, placeholder, object.filename(), size, now)
        };
        asset.begun(object, size, now)
    }

    /// The source has arrived.
    pub fn received(&self, object: &Object, size: u64, now: OffsetDateTime) -> Option<Step> {
        (self.state == State::Uploading).then(|| self.clone().begun(object, size, now))
    }

    fn begun(self, object: &Object, size: u64, now: OffsetDateTime) -> Step {
        let probe = JobRow::new(self.asset_id, Job::Probe, now).due_soon(now);
        let asset = Self { origin: Some(object.clone()), size, ..self };
        (asset.at(State::Probing, now), Some(probe))
    }

    /// The source was looked at and the film is planned; `input` is what the workers read.
    pub fn planned(&self, input: &Object, source: &Source, plan: &Plan, now: OffsetDateTime) -> Option<Asset> {
        if self.state != State::Probing {
            return None;
        }
        let mut warnings = source.notes.clone();
        for track in &source.captions {
            warnings.push(format!(
                "captions inside the file are not used yet: stream {} ({})",
                track.stream, track.language
            ));
        }
        if source.video.has_closed_captions {
            warnings.push("captions hidden in the pictures are not used yet".to_owned());
        }
        let asset = Self {
            input: Some(input.clone()),
            source: serde_json::to_string(source).ok(),
            plan: serde_json::to_string(plan).ok(),
            warnings,
            ..self.clone()
        };
        Some(asset.at(State::Encoding, now))
    }

    /// The next state that its ledger allows, if any.
    pub fn advanced(&self, rows: &[JobRow], now: OffsetDateTime) -> Option<Step> {
        let done = |job: Job| rows.iter().find(|row| row.job == job && row.is_over());
        match self.state {
            State::Encoding => {
                let jobs = self.plan()?.jobs();
                let all = jobs.into_iter().all(|job| done(job).is_some());
                let package = || JobRow::new(self.asset_id, Job::Package, now).due_soon(now);
                all.then(|| (self.clone().at(State::Packaging, now), Some(package())))
            }
            State::Packaging => {
                let film = serde_json::from_str(done(Job::Package)?.note.as_deref()?).ok()?;
                let verify = JobRow::new(self.asset_id, Job::Verify, now).due_soon(now);
                Some((Self { film: Some(film), ..self.clone() }.at(State::Verifying, now), Some(verify)))
            }
            State::Verifying => {
                let proof = serde_json::from_str(done(Job::Verify)?.note.as_deref()?).ok()?;
                let skipped = rows.iter().filter(|row| row.job.kind() == JobKind::Sprites && row.result.is_none());
                let mut asset = Self { proof: Some(proof), ..self.clone() }.at(State::Ready, now);
                asset.warnings.extend(
                    skipped.filter_map(|row| {
                        Some(format!("no seek pictures and no poster: {}", row.last_error.as_deref()?))
                    }),
                );
                Some((asset, None))
            }
            State::Uploading | State::Probing | State::Ready | State::Failed => None,
        }
    }

    /// Gives up, unless it is finished already.
    pub fn failed(&self, error: AssetError, now: OffsetDateTime) -> Option<Asset> {
        let asset = || Self { error: Some(error), ..self.clone() }.at(State::Failed, now);
        (!self.is_over()).then(asset)
    }

    /// Whether nothing is left to do for the workers.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Ready | State::Failed)
    }

    /// Why nothing moves any more, given when the ledger last changed.
    pub fn stuck(&self, last_change: OffsetDateTime, now: OffsetDateTime) -> Option<AssetError> {
        let error = |code: &str, detail: &str| Some(AssetError { code: code.to_owned(), detail: detail.to_owned() });
        match self.state {
            State::Ready | State::Failed => None,
            State::Uploading if now - self.created_at >= UPLOAD_LIMIT => {
                error("upload_abandoned", "the upload was not completed within a day; start a new one")
            }
            State::Uploading => None,
            _ if now - last_change.max(self.updated_at) >= STUCK_AFTER => error(
                "stuck",
                "nothing has happened for six hours; upload the file again, and tell support if that does not help",
            ),
            _ => None,
        }
    }

    /// The asset with its next look.
    pub fn looked_at(&self, now: OffsetDateTime) -> Asset {
        let due_at = match self.state {
            State::Uploading => Some((self.created_at + UPLOAD_LIMIT).max(now + LOOK_EVERY)),
            State::Ready | State::Failed => None,
            _ => Some(now + LOOK_EVERY),
        };
        Self { due_at, ..self.clone() }
    }

    /// The trace that its jobs and events continue.
    pub fn trace(&self) -> Option<TraceParent> {
        self.traceparent.as_deref()?.parse().ok()
    }

    /// The plan, once there is one.
    pub fn plan(&self) -> Option<Plan> {
        serde_json::from_str(self.plan.as_deref()?).ok()
    }

    /// What the source turned out to be, once that is known.
    pub fn source(&self) -> Option<Source> {
        serde_json::from_str(self.source.as_deref()?).ok()
    }

    fn at(self, state: State, now: OffsetDateTime) -> Self {
        let due_at = match state {
            // Its source goes to the archive at the next round.
            State::Ready => Some(now),
            State::Failed => None,
            _ => Some(now + LOOK_EVERY),
        };
        Self { state, updated_at: now, due_at, ..self }
    }
}

impl Plan {
    /// Everything that must be done before the film can be packaged.
    pub fn jobs(&self) -> Vec<Job> {
        let chunks = (0..self.chunks()).map(Job::Chunk);
        let sounds = self.audio.iter().map(|sound| Job::Audio(sound.name.clone()));
        chunks.chain(sounds).chain([Job::Sprites]).collect()
    }
}

#[cfg(test)]
mod tests;
