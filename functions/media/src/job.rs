//! A job: one piece of work on an asset, its message, its ledger row and who may work on it when.

use std::fmt;
use std::str::FromStr;

use kernel::AssetId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::{Duration, OffsetDateTime};

use crate::failure::{Failure, Trouble};

/// Whoever has not renewed its lease for so long is dead.
pub const LEASE: Duration = Duration::seconds(60);
/// A lease is renewed this often: two renewals may fail.
pub const RENEW_EVERY: Duration = Duration::seconds(20);
/// A message that nobody has picked up after so long is sent again, later at doubling intervals.
const RESEND: Duration = Duration::minutes(5);
const LONGEST_RESEND: Duration = Duration::hours(4);
/// A failed attempt is repeated after so long, later at doubling intervals.
const BACKOFF: Duration = Duration::seconds(10);

/// The kinds of work; each has its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Looks at the source and plans the film.
    Probe,
    /// Encodes a chunk on all rungs.
    Chunk,
    /// Encodes an audio rendition.
    Audio,
    /// Makes seek pictures and the poster.
    Sprites,
    /// Writes the playlists.
    Package,
    /// Proves that the film is whole.
    Verify,
}

impl Kind {
    /// All of them, in the order of the work.
    pub const ALL: [Kind; 6] = [Kind::Probe, Kind::Chunk, Kind::Audio, Kind::Sprites, Kind::Package, Kind::Verify];

    /// The logical name of its queue.
    pub fn queue(self) -> &'static str {
        match self {
            Kind::Probe => "media-probe",
            Kind::Chunk => "media-chunks",
            Kind::Audio => "media-audio",
            Kind::Sprites => "media-sprites",
            Kind::Package => "media-package",
            Kind::Verify => "media-verify",
        }
    }

    /// What a failed asset says when such a job cannot be done.
    pub fn failure_code(self) -> &'static str {
        match self {
            Kind::Probe => "probe_failed",
            Kind::Chunk => "chunk_failed",
            Kind::Audio => "audio_failed",
            Kind::Sprites => "sprites_failed",
            Kind::Package => "package_failed",
            Kind::Verify => "verification_failed",
        }
    }
}

/// One piece of work on an asset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Job {
    /// See [`Kind::Probe`].
    Probe,
    /// The chunk at this position.
    Chunk(u64),
    /// The audio rendition of this name.
    Audio(String),
    /// See [`Kind::Sprites`].
    Sprites,
    /// See [`Kind::Package`].
    Package,
    /// See [`Kind::Verify`].
    Verify,
}

impl Job {
    /// What kind of work it is.
    pub fn kind(&self) -> Kind {
        match self {
            Job::Probe => Kind::Probe,
            Job::Chunk(_) => Kind::Chunk,
            Job::Audio(_) => Kind::Audio,
            Job::Sprites => Kind::Sprites,
            Job::Package => Kind::Package,
            Job::Verify => Kind::Verify,
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Job::Probe => f.write_str("probe"),
            // Padded, so that rows sort in the order of the film.
            Job::Chunk(index) => write!(f, "chunk-{index:06}"),
            Job::Audio(name) => write!(f, "audio-{name}"),
            Job::Sprites => f.write_str("sprites"),
            Job::Package => f.write_str("package"),
            Job::Verify => f.write_str("verify"),
        }
    }
}

/// The text names no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a job: expected probe, chunk-<number>, audio-<rendition>, sprites, package or verify")]
pub struct JobError;

impl FromStr for Job {
    type Err = JobError;

    fn from_str(text: &str) -> Result<Self, JobError> {
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        match text.split_once('-') {
            None => match text {
                "probe" => Ok(Job::Probe),
                "sprites" => Ok(Job::Sprites),
                "package" => Ok(Job::Package),
                "verify" => Ok(Job::Verify),
                _ => Err(JobError),
            },
            Some(("chunk", number)) => number.parse().map(Job::Chunk).map_err(|_| JobError),
            Some(("audio", name)) if is_name(name) => Ok(Job::Audio(name.to_owned())),
            Some(_) => Err(JobError),
        }
    }
}

impl Serialize for Job {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Job {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The message on a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Whose work it is.
    pub asset: AssetId,
    /// Which.
    pub job: Job,
}

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
    /// Whose work it is.
    pub asset_id: AssetId,
    /// Which.
    pub job: Job,
    /// How far it is.
    pub status: Status,
    /// The invocation that holds the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when the owner counts as alive.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<OffsetDateTime>,
    /// How often somebody has begun.
    pub attempts: u32,
    /// How often its message was sent again.
    pub resent: u32,
    /// Where the result lies in bucket `media`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// What the next stage must know of the result, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Time spent in all attempts that came to an end, in milliseconds.
    pub worked_ms: u64,
    /// The same multiplied with the function's memory: what it costs, in MiB·ms.
    pub memory_mib_ms: u64,
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
pub enum Claim {
    /// It may: store this row.
    Mine(Box<JobRow>),
    /// Somebody else works on it.
    Busy,
    /// There is nothing left to do.
    Over,
}

/// What becomes of a job whose attempt failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It will be tried again, or was given up without harm.
    GoesOn(Box<JobRow>),
    /// The asset cannot become a film.
    Fatal(Trouble),
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
            trouble: None,
            worked_ms: 0,
            memory_mib_ms: 0,
            changed_at: now,
            due_at: Some(now + RESEND),
            version: 0,
        }
    }

    /// A job whose message may be lost in a crash before anybody waits for it: looked at again after one lease.
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
    pub fn claim(&self, owner: &str, now: OffsetDateTime) -> Claim {
        match self.status {
            Status::Done | Status::Skipped => Claim::Over,
            Status::Working if !self.is_abandoned(now) => Claim::Busy,
            Status::Working | Status::Waiting => Claim::Mine(Box::new(Self {
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

    /// `owner` has finished; `None` when the lease was lost: whoever has it now writes the same bytes.
    pub fn finish(
        &self,
        owner: &str,
        result: Option<String>,
        note: Option<String>,
        now: OffsetDateTime,
    ) -> Option<Self> {
        self.is_held_by(owner).then(|| Self { status: Status::Done, result, note, trouble: None, ..self.released(now) })
    }

    /// `owner`'s attempt has failed; `None` when the lease was lost.
    pub fn fail(&self, owner: &str, failure: &Failure, now: OffsetDateTime) -> Option<Verdict> {
        self.is_held_by(owner).then(|| self.judge(failure, now))
    }

    /// The owner is gone without a word: killed by its deadline, out of memory, or with its machine.
    pub fn abandon(&self, now: OffsetDateTime) -> Option<Verdict> {
        let vanished = Failure::Passing { detail: "the worker vanished without a result".to_owned() };
        self.is_abandoned(now).then(|| match self.judge(&vanished, now) {
            // Its lease was wait enough.
            Verdict::GoesOn(row) if !row.is_over() => Verdict::GoesOn(Box::new(row.sent_again(now))),
            verdict => verdict,
        })
    }

    /// The row after its message was sent again.
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

    fn judge(&self, failure: &Failure, now: OffsetDateTime) -> Verdict {
        let row = Self { trouble: Some(failure.to_string()), ..self.released(now) };
        if !failure.is_final(self.attempts) {
            let again = now + doubled(BACKOFF, self.attempts.saturating_sub(1));
            return Verdict::GoesOn(Box::new(Self { status: Status::Waiting, due_at: Some(again), ..row }));
        }
        if self.job.kind() == Kind::Sprites {
            return Verdict::GoesOn(Box::new(Self { status: Status::Skipped, ..row }));
        }
        Verdict::Fatal(failure.trouble(&self.job, self.attempts))
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
