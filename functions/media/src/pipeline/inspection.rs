//! The inspection of a finished film: every stored byte against the ledger, every playlist, every joint.

use std::{collections::BTreeMap, path::Path, time::Instant};

use futures::{FutureExt, StreamExt, stream};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use crate::{
    assets::{failure::Failure, summary::ProofSummary},
    film::{
        Film,
        ledger::{ChunkRow, SoundRow, Stored, TrackRow},
        package,
        violation::{Check, Violation},
    },
    pipeline::{films::Films, results::Results, worker::Task},
    proof::{
        checks, playlists,
        seams::{self, SeamProof},
        sounds::{self, Loudness},
    },
    recipe::plan::Plan,
    tools::{error::MediaError, ffmpeg::Tools, input::Input, limits::Limits},
};

/// Files on their way at the same time.
const TRANSFERS: usize = 8;

/// One inspection.
pub struct Inspection<'a> {
    pub tools: &'a Tools,
    pub input: &'a Input,
    pub films: &'a Films,
    pub task: &'a Task,
    pub plan: &'a Plan,
    pub results: &'a Results,
}

/// What was found.
#[derive(Default)]
struct Found {
    files: u64,
    bytes: u64,
    violations: Vec<Violation>,
}

impl Found {
    fn add(&mut self, size: usize, violations: Vec<Violation>) {
        self.files += 1;
        self.bytes += size as u64;
        self.violations.extend(violations);
    }
}

impl Inspection<'_> {
    /// Everything in turn; the proof if nothing is wrong.
    pub async fn run(&self, film: &Film) -> Result<(SeamProof, ProofSummary), Failure> {
        let mut found = Found::default();
        for track in film.tracks() {
            self.track(track, &mut found).await?;
        }
        self.other_inits(&mut found).await?;
        self.playlists(film, &mut found).await?;
        self.sprites(&mut found).await?;
        self.sounds(film, &mut found).await?;
        let proof = self.seams().await?;
        found.violations.extend(checks::seams(self.plan, &proof));
        if !found.violations.is_empty() {
            return Err(Failure::violations("verification_failed", &found.violations));
        }
        let json = serde_json::to_vec(&proof).unwrap_or_default();
        let summary = ProofSummary {
            encoder: proof.encoder.clone(),
            parameters: proof.parameters.clone(),
            joints: proof.joints.len() as u64,
            frames_compared: proof.joints.iter().map(|joint| joint.compared).sum(),
            files_read: found.files,
            bytes_read: found.bytes,
            sha256: hex::encode(Sha256::digest(json)),
        };
        Ok((proof, summary))
    }

    async fn bytes(&self, key: &str) -> Result<Result<Vec<u8>, Violation>, Failure> {
        let bytes = self.films.file(self.task.asset.asset_id, key).await?;
        Ok(bytes.ok_or_else(|| Violation {
            check: Check::Bytes,
            place: key.to_owned(),
            detail: "is not there".to_owned(),
        }))
    }

    async fn track(&self, track: &TrackRow, found: &mut Found) -> Result<(), Failure> {
        let init = match self.bytes(&track.init.key).await? {
            Err(violation) => {
                found.violations.push(violation);
                return Ok(());
            }
            Ok(bytes) => {
                let (init, violations) = checks::init(track, &bytes);
                found.add(bytes.len(), violations);
                init
            }
        };
        let Some(init) = init else { return Ok(()) };
        let jobs: Vec<_> = track.segments.iter().map(|row| self.bytes(&row.file.key).boxed()).collect();
        let mut segments = stream::iter(jobs).buffered(TRANSFERS).zip(stream::iter(&track.segments));
        while let Some((bytes, row)) = segments.next().await {
            match bytes? {
                Err(violation) => found.violations.push(violation),
                Ok(bytes) => found.add(bytes.len(), checks::segment(&init, row, &bytes)),
            }
        }
        Ok(())
    }

    async fn stored(&self, row: &Stored, found: &mut Found) -> Result<Option<Vec<u8>>, Failure> {
        Ok(match self.bytes(&row.key).await? {
            Err(violation) => {
                found.violations.push(violation);
                None
            }
            Ok(bytes) => {
                found.add(bytes.len(), checks::stored(row, &bytes));
                Some(bytes)
            }
        })
    }

    /// The init segments of all chunks but the first, which no playlist names.
    async fn other_inits(&self, found: &mut Found) -> Result<(), Failure> {
        for track in self.results.chunks.iter().skip(1).flat_map(|chunk| &chunk.tracks) {
            self.stored(&track.init, found).await?;
        }
        Ok(())
    }

    async fn playlists(&self, film: &Film, found: &mut Found) -> Result<(), Failure> {
        let mut pages = BTreeMap::new();
        for page in package::package(self.plan, film) {
            let Ok(bytes) = self.bytes(&page.key).await? else { continue };
            found.add(bytes.len(), Vec::new());
            pages.insert(page.key, String::from_utf8_lossy(&bytes).into_owned());
        }
        found.violations.extend(playlists::check(self.plan, film, &pages));
        Ok(())
    }

    async fn sprites(&self, found: &mut Found) -> Result<(), Failure> {
        let Some(row) = &self.results.sprites else { return Ok(()) };
        for file in row.sheets.iter().map(|sheet| &sheet.file).chain([&row.poster]) {
            self.stored(file, found).await?;
        }
        if let Some(index) = self.stored(&row.index, found).await? {
            found.violations.extend(checks::sprites(self.plan, row, &String::from_utf8_lossy(&index)));
        }
        Ok(())
    }

    /// Compares what is heard with the source, rendition by rendition, the default track first. Where the source is damaged,
    /// both are anything. Each track reads the source once more: a third of the time is for that, and what is not heard
    /// within it is left to the ticks of its frames.
    async fn sounds(&self, film: &Film, found: &mut Found) -> Result<(), Failure> {
        let (began, share) = (Instant::now(), self.task.time / 3);
        let limits = Limits::encode(share);
        let mut measured: Option<(u32, Loudness)> = None;
        let mut pairs = film.sounds(self.plan);
        pairs.sort_by_key(|(sound, _)| (!sound.is_default, sound.stream));
        for (sound, track) in pairs {
            let is_damaged = |row: &SoundRow| row.track.rendition == track.rendition && !row.damage.is_empty();
            if self.results.sounds.iter().any(is_damaged) {
                continue;
            }
            if began.elapsed() > share {
                tracing::warn!(rendition = track.rendition, "no time is left to compare its sound with the source");
                continue;
            }
            let path = self.task.folder.join("heard.mp4");
            let Some(()) = self.write_whole(track, &path).await? else { continue };
            let source = match measured.take().filter(|(stream, _)| *stream == sound.stream) {
                Some((_, source)) => source,
                None => match sounds::of_source(self.tools, self.input, self.plan, sound, limits).await {
                    Err(MediaError::TimeUp { .. }) => continue,
                    measured => measured?,
                },
            };
            let heard = sounds::of_rendition(self.tools, &path, self.plan, limits).await?;
            found.violations.extend(sounds::compare(&track.rendition, &source, &heard));
            measured = Some((sound.stream, source));
        }
        Ok(())
    }

    /// A rendition as one file; `None` where a part is missing, which has been reported already.
    async fn write_whole(&self, track: &TrackRow, path: &Path) -> Result<Option<()>, Failure> {
        let failed = |error: std::io::Error| Failure::Transient { detail: format!("work folder: {error}") };
        let mut file = tokio::fs::File::create(path).await.map_err(failed)?;
        let keys = std::iter::once(&track.init.key).chain(track.segments.iter().map(|row| &row.file.key));
        for key in keys {
            let Ok(bytes) = self.bytes(key).await? else { return Ok(None) };
            file.write_all(&bytes).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        Ok(Some(()))
    }

    /// Compares every joint with a continuous decode, and plays every rung through it.
    async fn seams(&self) -> Result<SeamProof, Failure> {
        let (folder, limits) = (&self.task.folder, self.task.limits());
        let chunks = &self.results.chunks;
        let mut proof = seams::compare_sources(self.tools, self.input, self.plan, chunks, folder, limits).await?;
        for (joint, pair) in proof.joints.iter_mut().zip(chunks.windows(2)) {
            for rung in 0..self.plan.rungs.len() {
                let Some((before, after)) = self.around(&pair[0], &pair[1], rung).await? else { continue };
                let track = &pair[0].tracks[rung];
                let Ok(init) = self.bytes(&track.init.key).await? else { continue };
                let played =
                    seams::play_through(self.tools, &track.rendition, &init, &before, &after, folder, limits).await?;
                joint.played.push(played);
            }
        }
        Ok(proof)
    }

    /// The last segment of one chunk and the first of the next; a missing one has been reported already.
    async fn around(
        &self,
        before: &ChunkRow,
        after: &ChunkRow,
        rung: usize,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, Failure> {
        let last = before.tracks.get(rung).and_then(|track| track.segments.last());
        let first = after.tracks.get(rung).and_then(|track| track.segments.first());
        let (Some(last), Some(first)) = (last, first) else { return Ok(None) };
        let (last, first) = (self.bytes(&last.file.key).await?, self.bytes(&first.file.key).await?);
        Ok(last.ok().zip(first.ok()))
    }
}
