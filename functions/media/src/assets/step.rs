//! The steps of an asset. Each is a decision on its state; one that does not fit the state changes nothing.

use kernel::{Id, TitleId, UploadId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    assets::{
        asset::{Asset, State, UPLOAD_LIMIT},
        failure::AssetError,
        job::{Job, JobKind},
        object::Object,
        row::JobRow,
        summary::FilmSummary,
    },
    recipe::{plan::Plan, source::Source},
};

/// The reconciler looks at an asset on its way this often.
pub const LOOK_EVERY: Duration = Duration::minutes(1);
/// An asset on which nothing has changed for so long is stuck.
pub const STUCK_AFTER: Duration = Duration::hours(6);

/// What an editor hears of seek pictures that could not be made; why is in the log.
const NO_SPRITES: &str = "no seek pictures and no poster could be made; the film is complete without them";

/// An asset's next state, and the job that begins with it.
pub type Step = (Asset, Option<JobRow>);

/// Why an asset cannot be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRetried {
    #[error("it has not failed")]
    NotFailed,
    #[error("its source never came")]
    NoSource,
}

impl Asset {
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
        let plan = serde_json::to_string(plan).ok();
        // What was encoded by another plan is of no use.
        let is_other = self.plan.is_some() && self.plan != plan;
        let asset = Self {
            input: Some(input.clone()),
            source: serde_json::to_string(source).ok(),
            plan,
            warnings,
            trusted_from: if is_other { self.retries } else { self.trusted_from },
            ..self.clone()
        };
        Some(asset.at(State::Encoding, now))
    }

    /// The next state that its ledger allows, if any.
    pub fn advanced(&self, rows: &[JobRow], now: OffsetDateTime) -> Option<Step> {
        let find = |job: Job| rows.iter().find(|row| row.job == job);
        let done = |job: Job| find(job).filter(|row| self.counts(row));
        // One of an earlier round begins again.
        let begin = |job: Job| {
            let row = match find(job.clone()) {
                Some(row) => row.clone().again(self.retries, now),
                None => JobRow { round: self.retries, ..JobRow::new(self.asset_id, job, now) },
            };
            row.due_soon(now)
        };
        match self.state {
            State::Encoding => {
                let jobs = Job::before_package(&self.plan()?);
                let all = jobs.into_iter().all(|job| done(job).is_some());
                all.then(|| (self.clone().at(State::Packaging, now), Some(begin(Job::Package))))
            }
            State::Packaging => {
                let film: FilmSummary = serde_json::from_str(done(Job::Package)?.note.as_deref()?).ok()?;
                let warnings = self.warnings.iter().chain(&film.warnings).cloned().collect();
                let asset = Self { film: Some(film), warnings, ..self.clone() };
                Some((asset.at(State::Verifying, now), Some(begin(Job::Verify))))
            }
            State::Verifying => {
                let proof = serde_json::from_str(done(Job::Verify)?.note.as_deref()?).ok()?;
                let skipped = rows.iter().filter(|row| row.job.kind() == JobKind::Sprites && row.result.is_none());
                let mut asset = Self { proof: Some(proof), ..self.clone() }.at(State::Ready, now);
                asset.warnings.extend(skipped.map(|_| NO_SPRITES.to_owned()));
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

    /// Begins again after a failure, with another look at the source, and the probe's row as it is.
    ///
    /// # Errors
    /// When there is nothing to begin again with.
    pub fn retried(&self, probe: Option<JobRow>, now: OffsetDateTime) -> Result<Step, NotRetried> {
        let error = self.error.as_ref().filter(|_| self.state == State::Failed).ok_or(NotRetried::NotFailed)?;
        if self.origin.is_none() {
            return Err(NotRetried::NoSource);
        }
        let round = self.retries + 1;
        let probe =
            probe.unwrap_or_else(|| JobRow::new(self.asset_id, Job::Probe, now)).again(round, now).due_soon(now);
        let asset = Self {
            error: None,
            film: None,
            proof: None,
            retries: round,
            trusted_from: if error.condemns_the_film() { round } else { self.trusted_from },
            ..self.clone()
        };
        Ok((asset.at(State::Probing, now), Some(probe)))
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

#[cfg(test)]
mod tests;
