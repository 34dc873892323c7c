//! A job: one piece of work on an asset, and its message.

use std::fmt;
use std::str::FromStr;

use kernel::AssetId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::recipe::plan::Plan;

/// The kinds of work; each has its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobKind {
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

impl JobKind {
    /// All of them, in the order of the work.
    pub const ALL: [JobKind; 6] =
        [JobKind::Probe, JobKind::Chunk, JobKind::Audio, JobKind::Sprites, JobKind::Package, JobKind::Verify];

    /// The logical name of its queue.
    pub fn queue(self) -> &'static str {
        match self {
            JobKind::Probe => "media-probe",
            JobKind::Chunk => "media-chunks",
            JobKind::Audio => "media-audio",
            JobKind::Sprites => "media-sprites",
            JobKind::Package => "media-package",
            JobKind::Verify => "media-verify",
        }
    }

    /// What such work leaves undone, for the reason of a failed asset.
    pub fn unfinished(self) -> &'static str {
        match self {
            JobKind::Probe => "the file could not be examined",
            JobKind::Chunk => "the picture could not be encoded",
            JobKind::Audio => "the sound could not be encoded",
            JobKind::Sprites => "the seek pictures could not be made",
            JobKind::Package => "the film could not be put together",
            JobKind::Verify => "the film could not be checked",
        }
    }

    /// What a failed asset says when such a job could not be done. It says nothing of the film.
    pub fn unfinished_code(self) -> &'static str {
        match self {
            JobKind::Package => "package_unfinished",
            JobKind::Verify => "verification_unfinished",
            JobKind::Probe | JobKind::Chunk | JobKind::Audio | JobKind::Sprites => self.failure_code(),
        }
    }

    /// What a failed asset says when such a job finds that the film cannot be shown.
    pub fn failure_code(self) -> &'static str {
        match self {
            JobKind::Probe => "probe_failed",
            JobKind::Chunk => "chunk_failed",
            JobKind::Audio => "audio_failed",
            JobKind::Sprites => "sprites_failed",
            JobKind::Package => "package_failed",
            JobKind::Verify => "verification_failed",
        }
    }
}

/// One piece of work on an asset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Job {
    Probe,
    /// The chunk at this position.
    Chunk(u64),
    Audio(String),
    Sprites,
    Package,
    Verify,
}

impl Job {
    /// Everything that must be done before a film can be packaged.
    pub fn before_package(plan: &Plan) -> Vec<Job> {
        let chunks = (0..plan.chunks()).map(Job::Chunk);
        let sounds = plan.audio.iter().map(|sound| Job::Audio(sound.name.clone()));
        chunks.chain(sounds).chain([Job::Sprites]).collect()
    }

    /// What kind of work it is.
    pub fn kind(&self) -> JobKind {
        match self {
            Job::Probe => JobKind::Probe,
            Job::Chunk(_) => JobKind::Chunk,
            Job::Audio(_) => JobKind::Audio,
            Job::Sprites => JobKind::Sprites,
            Job::Package => JobKind::Package,
            Job::Verify => JobKind::Verify,
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
    pub asset: AssetId,
    pub job: Job,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_survive_being_written() {
        let jobs = [
            Job::Probe,
            Job::Chunk(12),
            Job::Chunk(1_000_000),
            Job::Audio("a0low".into()),
            Job::Sprites,
            Job::Package,
            Job::Verify,
        ];
        for job in jobs {
            assert_eq!(job.to_string().parse(), Ok(job));
        }
        for bad in
            ["", "chunk", "chunk-", "chunk-x", "chunk--1", "audio-", "audio-a/b", "audio-../x", "probe-1", "Probe"]
        {
            assert_eq!(bad.parse::<Job>(), Err(JobError), "{bad}");
        }
    }
}
