//! An asset: a source on its way to a film.

use kernel::{AssetId, TitleId, TraceParent, UploadId};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::{
    assets::{
        failure::AssetError,
        object::Object,
        row::JobRow,
        summary::{FilmSummary, ProofSummary},
    },
    recipe::{plan::Plan, source::Source},
};

/// An upload may take so long: a day later its parts are gone.
pub const UPLOAD_LIMIT: Duration = Duration::hours(25);

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

impl State {
    /// All of them, in the order of the work.
    pub const ALL: [State; 7] = [
        State::Uploading,
        State::Probing,
        State::Encoding,
        State::Packaging,
        State::Verifying,
        State::Ready,
        State::Failed,
    ];
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
    /// How often it was tried again after it had failed.
    #[serde(default)]
    pub retries: u32,
    /// What was done before this retry is in doubt, or of another plan.
    #[serde(default)]
    pub trusted_from: u32,
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
            retries: 0,
            trusted_from: 0,
            created_at: now,
            updated_at: now,
            traceparent: None,
            due_at: Some(now + UPLOAD_LIMIT),
            version: 0,
        }
    }

    /// Whether nothing is left to do for the workers.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Ready | State::Failed)
    }

    /// Whether somebody has had it tried again and that is under way.
    pub fn is_being_retried(&self) -> bool {
        self.retries > 0 && !self.is_over()
    }

    /// Whether the work of a job counts: it is over, and not in doubt.
    pub fn counts(&self, row: &JobRow) -> bool {
        row.is_over() && row.round >= self.trusted_from
    }

    /// Whether a row is left over from before the last retry: nobody works on it any more.
    pub fn has_outlived(&self, row: &JobRow) -> bool {
        row.round < self.retries && !self.counts(row)
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
}
