//! Runs the whole recipe on a generated film and looks at everything that comes out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test support")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use media::{
    encode::{audio, chunk, probe, remux, sprites},
    film::{
        Film,
        ledger::{ChunkRow, Output, SegmentRow, SoundRow, TrackRow},
        package::{Page, package},
    },
    proof::{
        checks, playlists,
        seams::{self, Reference, SeamProof},
        sounds,
    },
    recipe::{
        plan::{Plan, PlanOptions},
        source::Source,
    },
    tools::{container::HEAD_BYTES, error::MediaError, ffmpeg::Tools, input::Input, limits::Limits},
};
use tempfile::TempDir;
use testkit::watch::{UPPER_LEFT, Watched};

/// A film number in twelve boxes along the top edge of a 320 × 180 picture, so that every frame says which one it is.
pub const BARCODE: &str = concat!(
    "drawbox=x=0:y=0:w=240:h=20:color=black:t=fill,",
    "drawbox=x=0:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/1),2),1)',",
    "drawbox=x=20:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/2),2),1)',",
    "drawbox=x=40:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/4),2),1)',",
    "drawbox=x=60:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/8),2),1)',",
    "drawbox=x=80:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/16),2),1)',",
    "drawbox=x=100:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/32),2),1)',",
    "drawbox=x=120:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/64),2),1)',",
    "drawbox=x=140:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/128),2),1)',",
    "drawbox=x=160:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/256),2),1)',",
    "drawbox=x=180:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/512),2),1)',",
    "drawbox=x=200:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/1024),2),1)',",
    "drawbox=x=220:y=0:w=20:h=20:color=white:t=fill:enable='gte(mod(floor(n/2048),2),1)'",
);

/// H.264 with a key frame every 77 frames: nowhere near our own grid.
pub const H264: &[&str] =
    &["-c:v", "libx264", "-preset", "veryfast", "-g", "77", "-bf", "3", "-pix_fmt", "yuv420p", "-c:a", "aac"];

/// Time for one tool run in tests.
pub fn limits() -> Limits {
    Limits::encode(Duration::from_secs(120))
}

/// The folder of ffmpeg and ffprobe; a missing one is a failure.
pub fn tools_folder() -> PathBuf {
    std::env::var_os("CINEMA_TEST_FFMPEG_DIR").expect("CINEMA_TEST_FFMPEG_DIR names the folder of ffmpeg").into()
}

/// Both programs.
pub fn tools() -> Tools {
    Tools::in_folder(&tools_folder())
}

/// Makes a source file with ffmpeg.
pub fn generate(folder: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let mut command = Command::new(tools_folder().join("ffmpeg"));
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]).args(arguments).arg(&path);
    let output = command.output().expect("ffmpeg starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    path
}

/// A film of numbered frames, 320 × 180, with a tone.
pub fn numbered(folder: &Path, name: &str, rate: &str, seconds: u32, encoding: &[&str]) -> PathBuf {
    let picture = format!("testsrc2=s=320x180:r={rate}:d={seconds},{BARCODE}");
    let tone = format!("sine=f=440:r=48000:d={seconds}");
    let inputs = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &tone];
    generate(folder, name, &[&inputs[..], encoding].concat())
}

/// Looks at a file as the pipeline would look at an object.
pub async fn probe(path: &Path) -> Result<Source, MediaError> {
    let bytes = std::fs::read(path).expect("the source is there");
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    probe::look_at(&tools(), &Input::File(path.to_owned()), bytes.len() as u64, head).await
}

/// A film that went through everything, and nothing was wrong with it.
pub struct Made {
    pub source: Source,
    pub plan: Plan,
    pub chunks: Vec<ChunkRow>,
    pub sounds: Vec<SoundRow>,
    pub film: Film,
    pub pages: Vec<Page>,
    pub proof: SeamProof,
    pub input: Input,
    /// Objects as they would lie in the bucket, by key.
    pub objects: BTreeMap<String, PathBuf>,
    folder: TempDir,
}

/// Probes, plans, encodes, packages and verifies with chunks of `chunk_gops` groups of pictures.
pub async fn make(path: &Path, chunk_gops: u64) -> Made {
    let (tools, folder) = (tools(), tempfile::tempdir().unwrap());
    let mut input = Input::File(path.to_owned());
    let mut source = probe(path).await.unwrap();
    if source.needs_remux {
        let remuxed = remux::to_mp4(&tools, &input, &source, folder.path(), limits()).await.unwrap();
        source = probe(&remuxed).await.unwrap();
        input = Input::File(remuxed);
    }
    let encoder = tools.build().await.unwrap();
    let plan = Plan::new(&source, &PlanOptions { source_version: "test".into(), encoder, chunk_gops });
    let mut objects = BTreeMap::new();
    let mut keep = |files: Vec<Output>| {
        for file in files {
            assert!(objects.insert(file.key.clone(), file.path).is_none(), "{} is written twice", file.key);
        }
    };
    let work = |name: String| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let mut chunks = Vec::new();
    for index in 0..plan.chunks() {
        let encoded =
            chunk::encode(&tools, &input, &plan, index, &work(format!("chunk{index}")), limits()).await.unwrap();
        keep(encoded.files);
        chunks.push(encoded.row);
    }
    let mut sounds = Vec::new();
    for sound in &plan.audio {
        let encoded =
            audio::encode(&tools, &input, &plan, &sound.name, &work(sound.name.clone()), limits()).await.unwrap();
        keep(encoded.files);
        sounds.push(encoded.row);
    }
    let made = sprites::make(&tools, &input, &plan, &work("sprites".into()), limits()).await.unwrap();
    keep(made.files);
    let index = std::fs::read_to_string(&objects[&made.row.index.key]).unwrap();
    assert_eq!(checks::sprites(&plan, &made.row, &index), []);
    let film = Film::assemble(&plan, &chunks, &sounds).unwrap();
    let pages = package(&plan, &film);
    let texts = pages.iter().map(|page| (page.key.clone(), page.text.clone())).collect();
    assert_eq!(playlists::check(&plan, &film, &texts), []);
    let proof = seams::compare_sources(&tools, &input, &plan, &chunks, folder.path(), limits()).await.unwrap();
    let mut made = Made { source, plan, chunks, sounds, film, pages, proof, input, objects, folder };
    made.check_bytes();
    made.check_seams().await;
    for (sound, track) in made.film.sounds(&made.plan) {
        if made.sounds.iter().all(|row| row.damage.is_empty()) {
            let source = sounds::of_source(&tools, &made.input, &made.plan, sound, limits()).await.unwrap();
            let heard = sounds::of_rendition(&tools, &made.joined(track), &made.plan, limits()).await.unwrap();
            assert_eq!(sounds::compare(&track.rendition, &source, &heard), []);
        }
    }
    made
}

/// Encodes the chunks of a source, as the pipeline would until one of them is refused.
pub async fn encode(path: &Path) -> Result<Vec<ChunkRow>, MediaError> {
    let (tools, folder) = (tools(), tempfile::tempdir().unwrap());
    let input = Input::File(path.to_owned());
    let source = probe(path).await?;
    let encoder = tools.build().await?;
    let plan = Plan::new(&source, &PlanOptions { source_version: "test".into(), encoder, chunk_gops: 3 });
    let mut rows = Vec::new();
    for index in 0..plan.chunks() {
        let work = folder.path().join(format!("chunk{index}"));
        std::fs::create_dir(&work).unwrap();
        rows.push(chunk::encode(&tools, &input, &plan, index, &work, limits()).await?.row);
    }
    Ok(rows)
}

impl Made {
    /// The bytes of an object.
    pub fn object(&self, key: &str) -> Vec<u8> {
        std::fs::read(&self.objects[key]).unwrap()
    }

    fn check_bytes(&self) {
        for track in self.film.tracks() {
            let (init, wrong) = checks::init(track, &self.object(&track.init.key));
            assert_eq!(wrong, []);
            for row in &track.segments {
                assert_eq!(checks::segment(init.as_ref().unwrap(), row, &self.object(&row.file.key)), []);
            }
        }
    }

    async fn check_seams(&mut self) {
        let tools = tools();
        for index in 0..self.proof.joints.len() {
            let frame = self.proof.joints[index].frame;
            for track in &self.film.video {
                let number = (frame / self.plan.segment) as usize;
                let around = |row: &SegmentRow| self.object(&row.file.key);
                let (before, after) = (around(&track.segments[number - 1]), around(&track.segments[number]));
                let init = self.object(&track.init.key);
                let played =
                    seams::play_through(&tools, &track.rendition, &init, &before, &after, self.folder.path(), limits());
                let played = played.await.unwrap();
                self.proof.joints[index].played.push(played);
            }
        }
        assert_eq!(checks::seams(&self.plan, &self.proof), []);
        assert_eq!(self.proof.reference, Reference::Whole);
        let windows = Reference::Windows;
        let folder = self.folder.path();
        let again = seams::compare_with(&tools, &self.input, &self.plan, &self.chunks, windows, folder, limits());
        for (window, whole) in again.await.unwrap().joints.iter().zip(&self.proof.joints) {
            assert!(window.differing.is_empty(), "{window:?}");
            assert_eq!(window.continuous, whole.continuous);
        }
    }

    /// Lays the film out as it lies in the bucket and returns the master playlist.
    pub fn published(&self) -> PathBuf {
        let root = self.folder.path().join("published");
        let place = |key: &str| {
            let path = root.join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            path
        };
        for (key, path) in &self.objects {
            std::fs::copy(path, place(key)).unwrap();
        }
        self.pages.iter().for_each(|page| std::fs::write(place(&page.key), &page.text).unwrap());
        root.join(media::film::package::MASTER)
    }

    /// One file with everything of a rendition, as a player buffers it.
    pub fn joined(&self, track: &TrackRow) -> PathBuf {
        let mut bytes = self.object(&track.init.key);
        track.segments.iter().for_each(|row| bytes.extend(self.object(&row.file.key)));
        let path = self.folder.path().join(format!("{}.mp4", track.rendition));
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The numbers that the frames of a rendition show; one that cannot be read is like none.
    pub fn numbers(&self, track: &TrackRow) -> Vec<u64> {
        let shown = Watched::picture(&self.joined(track)).numbers(UPPER_LEFT).unwrap();
        shown.into_iter().map(|number| number.unwrap_or(u64::MAX)).collect()
    }

    /// The samples of the first channel of a rendition, without encoder delay, at 48 kHz.
    pub fn samples(&self, track: &TrackRow) -> Vec<i16> {
        let bytes = self.decode(track, &["-ac", "1", "-f", "s16le"]);
        bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }

    fn decode(&self, track: &TrackRow, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new(tools_folder().join("ffmpeg"));
        command.args(["-nostdin", "-v", "error", "-i"]).arg(self.joined(track)).args(arguments).arg("-");
        let output = command.output().unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && complaints.is_empty(), "{complaints}");
        output.stdout
    }

    /// Every rung shows frame n at place n.
    pub fn assert_numbered(&self) {
        for track in &self.film.video {
            let numbers = self.numbers(track);
            let expected: Vec<u64> = (0..self.film.frames).collect();
            assert_eq!(numbers, expected, "{}", track.rendition);
        }
    }

    /// The text of a page.
    pub fn page(&self, key: &str) -> &str {
        &self.pages.iter().find(|page| page.key == key).unwrap().text
    }
}
