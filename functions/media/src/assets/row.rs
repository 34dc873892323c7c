//! The ledger row of a job: how far it is, who holds its lease, and what becomes of it when an attempt fails.

use kernel::AssetId;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::assets::{
    failure::{AssetError, Failure},
    job::{Job, JobKind, Message},
};

/// A worker that has not renewed its lease for so long is dead.
pub const LEASE: Duration = Duration::seconds(60);
/// A lease is renewed this often: two renewals may fail.
pub const RENEW_EVERY: Duration = Duration::seconds(20);
/// After so long without a worker the message is repeated, later at doubling intervals.
const RESEND: Duration = Duration::minutes(5);
const LONGEST_RESEND: Duration = Duration::hours(4);
/// A failed attempt is repeated after so long, later at doubling intervals.
const BACKOFF: Duration = Duration::seconds(10);

/// What an editor can do about work that failed time and again; the tools' words are in the log and the job's row.
const ADVICE: &str = "upload the file again, and give support the asset's id if that does not help";

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody works on it.
    Waiting,
    /// Somebody holds its lease.
    Working,
    /// Its result is stored.
    Done,
    /// Given up without harm to the film.
    Skipped,
}

/// The ledger row of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRow {
    pub asset_id: AssetId,
    pub job: Job,
    pub status: Status,
    /// The invocation that holds the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when the owner counts as alive.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<OffsetDateTime>,
    /// How often somebody has begun.
    pub attempts: u32,
    /// How often its message was repeated.
    pub resent: u32,
    /// Where the result lies in bucket `media`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// What the next stage must know of the result, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Time spent in all attempts that came to an end, in milliseconds.
    pub worked_ms: u64,
    /// The same multiplied with the function's memory: what it costs, in MiB·ms.
    pub memory_mib_ms: u64,
    /// The retry of the asset that it belongs to; 0 for the first time.
    #[serde(default)]
    pub round: u32,
    /// When the status last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub changed_at: OffsetDateTime,
    /// When the reconciler looks at it.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<OffsetDateTime>,
    /// Counts changes; 0 before it is stored.
    pub version: i64,
}

/// Whether work may begin.
#[derive(Debug, Clone, PartialEq)]
pub enum Lease {
    /// It may: store this row.
    Granted(Box<JobRow>),
    /// Somebody else works on it.
    Held,
    /// There is nothing left to do.
    Unneeded,
}

/// What becomes of a job whose attempt failed.
#[derive(Debug, Clone, PartialEq)]
pub enum FailureOutcome {
    /// It will be tried again, or was given up without harm.
    Continues(Box<JobRow>),
    /// The asset cannot become a film.
    FailsAsset(AssetError),
}

impl JobRow {
    /// A job that nobody has begun.
    pub fn new(asset_id: AssetId, job: Job, now: OffsetDateTime) -> Self {
        Self {
            asset_id,
            job,
            status: Status::Waiting,
            owner: None,
            lease_until: None,
            attempts: 0,
            resent: 0,
            result: None,
            note: None,
            last_error: None,
            worked_ms: 0,
            memory_mib_ms: 0,
            round: 0,
            changed_at: now,
            due_at: Some(now + RESEND),
            version: 0,
        }
    }

    /// The job as if nobody had begun, for another round; what it has cost stays.
    pub fn again(self, round: u32, now: OffsetDateTime) -> Self {
        Self {
            worked_ms: self.worked_ms,
            memory_mib_ms: self.memory_mib_ms,
            round,
            version: self.version,
            ..Self::new(self.asset_id, self.job, now)
        }
    }

    /// For a job whose message may be lost in a crash: the reconciler looks at it after one lease.
    pub fn due_soon(self, now: OffsetDateTime) -> Self {
        Self { due_at: Some(now + LEASE), ..self }
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        matches!(self.status, Status::Done | Status::Skipped)
    }

    /// Whether the owner has stopped renewing.
    pub fn is_abandoned(&self, now: OffsetDateTime) -> bool {
        self.status == Status::Working && self.lease_until.is_none_or(|until| until <= now)
    }

    /// Its message.
    pub fn message(&self) -> Message {
        Message { asset: self.asset_id, job: self.job.clone() }
    }

    /// `owner` wants to begin.
    pub fn lease(&self, owner: &str, now: OffsetDateTime) -> Lease {
        match self.status {
            Status::Done | Status::Skipped => Lease::Unneeded,
            Status::Working if !self.is_abandoned(now) => Lease::Held,
            Status::Working | Status::Waiting => Lease::Granted(Box::new(Self {
                status: Status::Working,
                owner: Some(owner.to_owned()),
                lease_until: Some(now + LEASE),
                due_at: Some(now + LEASE),
                attempts: self.attempts + 1,
                changed_at: now,
                ..self.clone()
            })),
        }
    }

    /// `owner` goes on; `None` when the lease was lost.
    pub fn renew(&self, owner: &str, now: OffsetDateTime) -> Option<Self> {
        let until = Some(now + LEASE);
        self.is_held_by(owner).then(|| Self { lease_until: until, due_at: until, ..self.clone() })
    }

    /// `owner` has finished; `None` when the lease was lost: the worker that has it now writes the same bytes.
    pub fn finish(
        &self,
        owner: &str,
        result: Option<String>,
        note: Option<String>,
        now: OffsetDateTime,
    ) -> Option<Self> {
        self.is_held_by(owner).then(|| Self {
            status: Status::Done,
            result,
            note,
            last_error: None,
            ..self.released(now)
        })
    }

    /// `owner`'s attempt has failed; `None` when the lease was lost.
    pub fn fail(&self, owner: &str, failure: &Failure, now: OffsetDateTime) -> Option<FailureOutcome> {
        self.is_held_by(owner).then(|| self.judge(failure, now))
    }

    /// The owner is gone without a word: killed by its deadline, out of memory, or with its machine.
    pub fn abandon(&self, now: OffsetDateTime) -> Option<FailureOutcome> {
        let vanished = Failure::Transient { detail: "the worker vanished without a result".to_owned() };
        self.is_abandoned(now).then(|| match self.judge(&vanished, now) {
            // Its lease was wait enough.
            FailureOutcome::Continues(row) if !row.is_over() => {
                FailureOutcome::Continues(Box::new(row.sent_again(now)))
            }
            verdict => verdict,
        })
    }

    /// The row after its message was repeated.
    pub fn sent_again(&self, now: OffsetDateTime) -> Self {
        let wait = doubled(RESEND, self.resent).min(LONGEST_RESEND);
        Self { resent: self.resent + 1, due_at: Some(now + wait), ..self.clone() }
    }

    /// The row with the work of one attempt on its account.
    pub fn charged(self, worked_ms: u64, memory_mib: u32) -> Self {
        Self {
            worked_ms: self.worked_ms + worked_ms,
            memory_mib_ms: self.memory_mib_ms + worked_ms * u64::from(memory_mib),
            ..self
        }
    }

    fn judge(&self, failure: &Failure, now: OffsetDateTime) -> FailureOutcome {
        let row = Self { last_error: Some(failure.to_string()), ..self.released(now) };
        if !failure.is_final(self.attempts) {
            let again = now + doubled(BACKOFF, self.attempts.saturating_sub(1));
            return FailureOutcome::Continues(Box::new(Self { status: Status::Waiting, due_at: Some(again), ..row }));
        }
        if self.job.kind() == JobKind::Sprites {
            return FailureOutcome::Continues(Box::new(Self { status: Status::Skipped, ..row }));
        }
        FailureOutcome::FailsAsset(self.error_of(failure))
    }

    /// What the asset says after the last attempt.
    fn error_of(&self, failure: &Failure) -> AssetError {
        match failure {
            Failure::Refused(error) => error.clone(),
            Failure::Tool { .. } | Failure::Transient { .. } => AssetError {
                code: self.job.kind().unfinished_code().to_owned(),
                detail: format!(
                    "{} failed {} times: {}; {ADVICE}",
                    self.job,
                    self.attempts,
                    self.job.kind().unfinished()
                ),
            },
        }
    }

    fn is_held_by(&self, owner: &str) -> bool {
        self.status == Status::Working && self.owner.as_deref() == Some(owner)
    }

    fn released(&self, now: OffsetDateTime) -> Self {
        Self { owner: None, lease_until: None, due_at: None, changed_at: now, ..self.clone() }
    }
}

/// `base`·2^`times`, without overflow.
fn doubled(base: Duration, times: u32) -> Duration {
    base * 2i32.pow(times.min(16))
}

#[cfg(test)]
mod tests;
