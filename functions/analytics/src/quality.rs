//! Quality of experience by the definitions of the industry (CTA-2066, and what Conviva, Mux and NPAW report under the same names).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{share::ratio, span::Hours, store::quality::Measured};

/// More groups are left out, those with the fewest attempts first.
pub const MOST_GROUPS: usize = 1_000;

/// By what sessions are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// The title's id.
    Title,
    /// The asset's id: a new encode of a film has another.
    Asset,
    /// Where the viewer was.
    Territory,
    /// The hour (UTC) in which the session began.
    Hour,
    /// The day (UTC) in which the session began.
    Day,
}

impl GroupBy {
    /// The key of a session's group, over its columns.
    pub fn sql(group_by: Option<Self>) -> &'static str {
        match group_by {
            None => "''",
            Some(Self::Title) => "title_id",
            Some(Self::Asset) => "asset_id",
            Some(Self::Territory) => "toString(territory)",
            Some(Self::Hour) => "formatDateTime(hour, '%Y-%m-%dT%H:00:00Z', 'UTC')",
            Some(Self::Day) => "formatDateTime(hour, '%Y-%m-%d', 'UTC')",
        }
    }
}

/// How well playback went, group by group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Quality {
    #[serde(flatten)]
    hours: Hours,
    /// Most attempts first.
    groups: Vec<QualityGroup>,
}

/// How well the playback of some sessions went.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QualityGroup {
    /// What the sessions have in common; absent without `group_by`.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Sessions that began: the viewer pressed play and was let in.
    attempts: u64,
    /// Attempts that reached the first picture.
    plays: u64,
    /// Attempts without a first picture that ended with an error.
    start_failures: u64,
    /// `start_failures` / `attempts`; the ratios here have four decimals and are absent where nothing is divided by.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_failure_ratio: Option<f64>,
    /// Attempts without a first picture and without an error that the viewer gave up.
    exits_before_start: u64,
    /// `exits_before_start` / `attempts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_before_start_ratio: Option<f64>,
    /// Attempts of which neither a picture nor an end was told: `attempts` = `plays` + `start_failures` + `exits_before_start` + `unreported`.
    unreported: u64,
    /// Milliseconds from pressing play to the first picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    startup_ms: Option<Percentiles>,
    /// Plays that an error ended.
    playback_failures: u64,
    /// `playback_failures` / `plays`.
    #[serde(skip_serializing_if = "Option::is_none")]
    playback_failure_ratio: Option<f64>,
    /// Stalls after the first picture.
    rebuffers: u64,
    /// Milliseconds of stalls.
    rebuffer_ms: u64,
    /// Milliseconds of the titles that were played in plays.
    played_ms: u64,
    /// `rebuffer_ms` / (`rebuffer_ms` + `played_ms`).
    #[serde(skip_serializing_if = "Option::is_none")]
    rebuffer_ratio: Option<f64>,
    /// Stalls per minute played.
    #[serde(skip_serializing_if = "Option::is_none")]
    rebuffers_per_minute: Option<f64>,
    /// Bits per second of the renditions, weighted by how long each was played; rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_bitrate: Option<u64>,
}

/// Nearest rank: the smallest value that so many percent of all do not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Percentiles {
    /// The median.
    p50: u64,
    /// 95 of 100.
    p95: u64,
}

impl Quality {
    /// The answer; without a grouping there is always one group.
    pub fn new(hours: Hours, group_by: Option<GroupBy>, measured: Vec<Measured>) -> Self {
        let mut groups: Vec<QualityGroup> = measured.into_iter().map(QualityGroup::of).collect();
        if group_by.is_none() {
            if groups.is_empty() {
                groups.push(QualityGroup::of(Measured::default()));
            }
            groups.iter_mut().for_each(|group| group.key = None);
        }
        Self { hours, groups }
    }
}

impl QualityGroup {
    fn of(measured: Measured) -> Self {
        let Measured { attempts, plays, start_failures, exits_before_start, playback_failures, .. } = measured;
        let Measured { rebuffers, rebuffer_ms, played_ms, .. } = measured;
        let percentiles = Percentiles { p50: measured.startup_p50, p95: measured.startup_p95 };
        Self {
            key: Some(measured.key),
            attempts,
            plays,
            start_failures,
            start_failure_ratio: ratio(start_failures, attempts),
            exits_before_start,
            exit_before_start_ratio: ratio(exits_before_start, attempts),
            unreported: attempts.saturating_sub(plays + start_failures + exits_before_start),
            startup_ms: (measured.startups > 0).then_some(percentiles),
            playback_failures,
            playback_failure_ratio: ratio(playback_failures, plays),
            rebuffers,
            rebuffer_ms,
            played_ms,
            rebuffer_ratio: ratio(rebuffer_ms, rebuffer_ms.saturating_add(played_ms)),
            rebuffers_per_minute: ratio(rebuffers.saturating_mul(60_000), played_ms),
            mean_bitrate: (measured.rated_ms > 0).then_some(measured.mean_bitrate),
        }
    }
}
