//! How an asset comes along, for the studio.

use kernel::{AssetId, TitleId, UploadId};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::assets::{
    asset::{Asset, State},
    failure::AssetError,
    job::JobKind,
    row::{JobRow, Status},
    summary::{ProofSummary, Quality},
};

/// An asset as the studio shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetView {
    /// Its id.
    pub asset_id: AssetId,
    /// The title it is for.
    pub title_id: TitleId,
    /// The upload it came with; absent for files dropped into the inbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<UploadId>,
    /// What the person called the file.
    pub filename: String,
    /// Bytes of the source.
    pub size: u64,
    /// How far it is.
    pub state: State,
    /// Progress of each stage, in order.
    pub stages: Vec<StageProgress>,
    /// Chunks of the film; absent before it is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunks: Option<Count>,
    /// Length in seconds, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// What the source turned out to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceView>,
    /// The planned or finished qualities, largest first.
    pub ladder: Vec<Quality>,
    /// The audio renditions.
    pub audio: Vec<SoundView>,
    /// The proof that the film is whole, once it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofSummary>,
    /// What was left out.
    pub warnings: Vec<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<AssetError>,
    /// What it has cost so far.
    pub cost: Cost,
    /// RFC 3339.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// RFC 3339.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// An asset in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetCard {
    pub asset_id: AssetId,
    /// The title it is for; of a file from the inbox, the draft that it makes.
    pub title_id: TitleId,
    /// What the person called the file.
    pub filename: String,
    /// Bytes of the source; 0 while unknown.
    pub size: u64,
    pub state: State,
    /// Whether it came through the inbox.
    pub is_dropped: bool,
    /// What was changed or left out.
    pub warnings: Vec<String>,
    /// Why it failed, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<AssetError>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its state last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

impl From<Asset> for AssetCard {
    fn from(asset: Asset) -> Self {
        Self {
            asset_id: asset.asset_id,
            title_id: asset.title_id,
            filename: asset.filename,
            size: asset.size,
            state: asset.state,
            is_dropped: asset.is_dropped,
            warnings: asset.warnings,
            error: asset.error,
            created_at: asset.created_at,
            updated_at: asset.updated_at,
        }
    }
}

/// One stage of the work.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageProgress {
    /// `probe`, `chunks`, `audio`, `sprites`, `package` or `verify`.
    pub name: String,
    /// Jobs that are finished.
    pub done: u64,
    /// Jobs in all; 0 before the film is planned.
    pub total: u64,
    /// Jobs that somebody works on.
    pub working: u64,
    /// What went wrong last, where a job is being repeated.
    #[serde(rename = "trouble", skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// A part of a whole.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Count {
    /// Finished.
    pub done: u64,
    /// In all.
    pub total: u64,
}

/// The source in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceView {
    /// `mov`, `matroska`, `avi` or `mpeg_ts`.
    pub container: String,
    /// `h264`, `hevc`…
    pub codec: String,
    /// Width as shown.
    pub width: u32,
    /// Height as shown.
    pub height: u32,
    /// Frames per second, as a fraction.
    pub rate: String,
    /// Whether its pictures come at uneven times.
    pub is_variable: bool,
    /// Whether it is interlaced.
    pub is_interlaced: bool,
    /// Whether it is of high dynamic range.
    pub is_hdr: bool,
}

/// An audio rendition in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct SoundView {
    /// Its folder: `a0`.
    pub name: String,
    /// BCP 47.
    pub language: String,
    /// How a player lists it.
    pub label: String,
    /// Channels.
    pub channels: u32,
}

/// What the work has cost so far.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cost {
    /// Time of all attempts that came to an end, in seconds.
    pub work_seconds: f64,
    /// The same multiplied with the memory of the functions.
    pub gigabyte_seconds: f64,
}

/// The view of an asset and its ledger.
pub fn view(asset: Asset, rows: &[JobRow]) -> AssetView {
    let (plan, source) = (asset.plan(), asset.source());
    let stages: Vec<StageProgress> = JobKind::ALL.into_iter().map(|kind| stage(kind, rows)).collect();
    let planned = plan.iter().flat_map(|plan| &plan.rungs).map(|rung| Quality {
        name: rung.name.clone(),
        width: rung.width,
        height: rung.height,
        bandwidth: u64::from(rung.max_kbps) * 1000,
    });
    let sounds = plan.iter().flat_map(|plan| &plan.audio).map(|sound| SoundView {
        name: sound.name.clone(),
        language: sound.language.clone(),
        label: sound.label.clone(),
        channels: sound.channels,
    });
    let chunks = plan.as_ref().map(|plan| Count { done: finished(JobKind::Chunk, rows), total: plan.chunks() });
    let film = asset.film;
    AssetView {
        asset_id: asset.asset_id,
        title_id: asset.title_id,
        upload_id: asset.upload_id,
        filename: asset.filename,
        size: asset.size,
        state: asset.state,
        stages,
        chunks,
        duration_seconds: film.as_ref().map(|film| film.seconds).or(plan.as_ref().map(|plan| plan.seconds())),
        source: source.map(|source| SourceView {
            container: serde_json::to_value(source.container)
                .ok()
                .and_then(|name| Some(name.as_str()?.to_owned()))
                .unwrap_or_default(),
            codec: source.video.codec,
            width: source.video.width,
            height: source.video.height,
            rate: source.rate.to_string(),
            is_variable: source.is_variable,
            is_interlaced: source.video.is_interlaced,
            is_hdr: source.video.is_hdr,
        }),
        ladder: film.map_or_else(|| planned.collect(), |film| film.renditions),
        audio: sounds.collect(),
        proof: asset.proof,
        warnings: asset.warnings,
        error: asset.error,
        cost: cost(rows),
        created_at: asset.created_at,
        updated_at: asset.updated_at,
    }
}

fn stage(kind: JobKind, rows: &[JobRow]) -> StageProgress {
    let own: Vec<&JobRow> = rows.iter().filter(|row| row.job.kind() == kind).collect();
    StageProgress {
        name: kind.queue().trim_start_matches("media-").to_owned(),
        done: finished(kind, rows),
        total: own.len() as u64,
        working: own.iter().filter(|row| row.status == Status::Working).count() as u64,
        last_error: own.iter().filter(|row| row.status != Status::Done).find_map(|row| row.last_error.clone()),
    }
}

fn finished(kind: JobKind, rows: &[JobRow]) -> u64 {
    rows.iter().filter(|row| row.job.kind() == kind && row.is_over()).count() as u64
}

fn cost(rows: &[JobRow]) -> Cost {
    let (worked, memory) = rows.iter().fold((0, 0), |sum, row| (sum.0 + row.worked_ms, sum.1 + row.memory_mib_ms));
    Cost { work_seconds: worked as f64 / 1000.0, gigabyte_seconds: memory as f64 / 1024.0 / 1000.0 }
}
