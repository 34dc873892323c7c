//! Encoders that make mistakes and note down what they made: ledger, files and playlists agree, and still the film is not shown.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use events::Outcome;
use media::{
    assets::job::Job,
    encode::{audio, chunk},
    film::ledger::{ChunkRow, Output, SoundRow, Stored},
    recipe::plan::Plan,
    tools::input::Input,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};
use stores::aws_sdk_dynamodb::types::AttributeValue;
use tempfile::TempDir;

use crate::{
    recipe::{BARCODE, generate, limits, tools},
    studio::Studio,
};

/// Pictures survive being encoded: only what is changed differs.
const LOSSLESS: &[&str] =
    &["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-g", "77", "-pix_fmt", "yuv420p", "-c:a", "aac"];

/// A film whose encoded parts are replaced by others, before it is packaged and checked.
struct Planting {
    studio: Studio,
    asset: String,
    plan: Plan,
    source: PathBuf,
    folder: TempDir,
    /// What lay in the bucket before.
    kept: HashMap<String, Vec<u8>>,
}

impl Planting {
    /// Encodes a film of two chunks, somebody speaking in it, up to the packager.
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let picture = format!("testsrc2=s=320x180:r=25:d=12.52,{BARCODE}");
        let voice = "aevalsrc='0.5*sin(2*PI*300*t)*gt(sin(2*PI*t*1.3)+sin(2*PI*t*0.7),0.2)':s=48000:d=12.52";
        let inputs = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", voice];
        let source = generate(folder.path(), "film.mp4", &[&inputs[..], LOSSLESS].concat());
        let studio = Studio::open().await;
        let asset = studio.drop_file("film.mp4", &std::fs::read(&source).unwrap()).await;
        loop {
            let messages = studio.take().await;
            if messages.iter().any(|message| message.job == Job::Package) {
                break;
            }
            for message in messages {
                assert_eq!(studio.deliver(&message).await, Outcome::Done);
            }
        }
        let item = studio.image(&asset, "asset").await;
        let plan: Plan = serde_json::from_str(item["plan"]["S"].as_str().unwrap()).unwrap();
        assert_eq!((plan.chunks(), plan.chunk), (2, 150));
        Self { studio, asset, plan, source, folder, kept: HashMap::new() }
    }

    /// The source with a change.
    fn changed(&self, name: &str, filters: &[&str]) -> PathBuf {
        let source = self.source.to_str().unwrap();
        let length = ["-frames:v", "313", "-t", "12.52"];
        generate(self.folder.path(), name, &[&["-i", source][..], filters, LOSSLESS, &length].concat())
    }

    fn work(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    }

    /// The second chunk is encoded from another file.
    async fn plant_chunk(&mut self, name: &str, source: &Path) {
        let (input, work) = (Input::File(source.to_owned()), self.work(name));
        let made = chunk::encode(&tools(), &input, &self.plan, 1, &work, limits()).await.unwrap();
        self.store(&made.files).await;
        self.note(&Job::Chunk(1), &made.row).await;
    }

    /// Every sound is encoded from another file.
    async fn plant_sound(&mut self, name: &str, source: &Path) {
        for sound in self.plan.audio.clone() {
            let (input, work) = (Input::File(source.to_owned()), self.work(&format!("{name}-{}", sound.name)));
            let made = audio::encode(&tools(), &input, &self.plan, &sound.name, &work, limits()).await.unwrap();
            self.store(&made.files).await;
            self.note::<SoundRow>(&Job::Audio(sound.name), &made.row).await;
        }
    }

    /// The init segments of the largest rung are changed in both chunks.
    async fn plant_init(&mut self, change: impl Fn(&mut Vec<u8>)) {
        for index in 0..2 {
            let mut row: ChunkRow = self.row(&Job::Chunk(index)).await;
            let Stored { key, .. } = row.tracks[0].init.clone();
            let mut bytes = self.studio.films.get(&format!("{}/{key}", self.asset)).await.unwrap().unwrap();
            change(&mut bytes);
            let sha256 = hex::encode(Sha256::digest(&bytes));
            row.tracks[0].init = Stored { key: key.clone(), bytes: bytes.len() as u64, sha256 };
            self.put(&format!("{}/{key}", self.asset), bytes).await;
            self.note(&Job::Chunk(index), &row).await;
        }
    }

    async fn store(&mut self, files: &[Output]) {
        for file in files {
            self.put(&format!("{}/{}", self.asset, file.key), std::fs::read(&file.path).unwrap()).await;
        }
    }

    async fn result_key(&self, job: &Job) -> String {
        self.studio.image(&self.asset, &format!("job#{job}")).await["result"]["S"].as_str().unwrap().to_owned()
    }

    async fn row<T: DeserializeOwned>(&self, job: &Job) -> T {
        let bytes = self.studio.films.get(&self.result_key(job).await).await.unwrap().unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    async fn note<T: Serialize>(&mut self, job: &Job, row: &T) {
        let key = self.result_key(job).await;
        self.put(&key, serde_json::to_vec(row).unwrap()).await;
    }

    async fn put(&mut self, key: &str, bytes: Vec<u8>) {
        let before = self.studio.films.get(key).await.unwrap();
        if let Some(before) = before {
            self.kept.entry(key.to_owned()).or_insert(before);
        }
        self.studio.films.put(key, bytes, "application/octet-stream", None).await.unwrap();
    }

    /// Packages and checks what is there; the reason when it is refused. Then everything is as it was before.
    async fn verdict(&mut self) -> Option<String> {
        self.rewind().await;
        for job in [Job::Package, Job::Verify] {
            let message = media::assets::job::Message { asset: self.asset.parse().unwrap(), job };
            assert_eq!(self.studio.deliver(&message).await, Outcome::Done);
        }
        let asset = self.studio.asset(&self.asset).await;
        for (key, bytes) in std::mem::take(&mut self.kept) {
            self.studio.films.put(&key, bytes, "application/octet-stream", None).await.unwrap();
        }
        let error = &asset["error"];
        assert_eq!(asset["state"], if error.is_null() { "ready" } else { "failed" }, "{asset:#}");
        assert!(
            error.is_null() || error["code"] == "verification_failed",
            "the packager has nothing to complain: {error}"
        );
        error["detail"].as_str().map(str::to_owned)
    }

    /// Back to where the packager begins.
    async fn rewind(&self) {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let table = stores::Table::new(self.studio.service.aws(), self.studio.service.var("TABLE_ASSETS"));
        let item = |sk: &str| {
            let update = table.client.update_item().table_name(&table.name);
            update.key("pk", text(&self.asset)).key("sk", text(sk))
        };
        let asset = item("asset").update_expression("SET #state = :state REMOVE #error, film, proof");
        let asset = asset.expression_attribute_names("#state", "state").expression_attribute_names("#error", "error");
        asset.expression_attribute_values(":state", text("packaging")).send().await.unwrap();
        let package = item("job#package").update_expression("SET #status = :status REMOVE #owner, lease_until, note");
        let package =
            package.expression_attribute_names("#status", "status").expression_attribute_names("#owner", "owner");
        package.expression_attribute_values(":status", text("waiting")).send().await.unwrap();
        let verify = table.client.delete_item().table_name(&table.name);
        verify.key("pk", text(&self.asset)).key("sk", text("job#verify")).send().await.unwrap();
    }

    #[track_caller]
    fn assert_caught(verdict: Option<String>, words: &str) {
        let reason = verdict.unwrap_or_else(|| panic!("nobody noticed; expected {words:?}"));
        assert!(reason.contains(words), "{reason}");
    }
}

#[tokio::test]
async fn the_check_catches_what_an_encoder_does_wrong() {
    let mut film = Planting::begin().await;
    let same = film.changed("same.mp4", &[]);
    film.plant_chunk("same", &same).await;
    film.plant_sound("same", &same).await;
    assert_eq!(film.verdict().await, None, "what is right passes, whoever made it");

    // The second picture of the second chunk is shown twice, the last of the film never.
    let doubled = film.changed("doubled.mp4", &["-vf", "loop=loop=1:size=1:start=151"]);
    film.plant_chunk("doubled", &doubled).await;
    Planting::assert_caught(film.verdict().await, "differ from a continuous decode");

    // The same in the middle of the chunk, where no joint is near.
    let inside = film.changed("inside.mp4", &["-vf", "loop=loop=1:size=1:start=230"]);
    film.plant_chunk("inside", &inside).await;
    Planting::assert_caught(film.verdict().await, "its frames differ from a continuous decode");

    let halves = "[0:v]split[a][b];[a]trim=start_frame=150,setpts=PTS-STARTPTS[later];\
                  [b]trim=end_frame=150,setpts=PTS-STARTPTS[earlier];[later][earlier]concat=n=2:v=1[v]";
    let swapped = film.changed("swapped.mp4", &["-filter_complex", halves, "-map", "[v]", "-map", "0:a"]);
    film.plant_chunk("swapped", &swapped).await;
    Planting::assert_caught(film.verdict().await, "differ from a continuous decode");

    let squeezed = film.changed("squeezed.mp4", &["-vf", "scale=240:180,pad=320:180:40:0"]);
    film.plant_chunk("squeezed", &squeezed).await;
    Planting::assert_caught(film.verdict().await, "differ from a continuous decode");

    let silent = film.changed("silent.mp4", &["-af", "volume=volume='if(gte(t,6),0,1)':eval=frame"]);
    film.plant_sound("silent", &silent).await;
    Planting::assert_caught(film.verdict().await, "is silent 6");

    let late = film.changed("late.mp4", &["-af", "adelay=40:all=1"]);
    film.plant_sound("late", &late).await;
    Planting::assert_caught(film.verdict().await, "+40 ms off");

    // A player would stretch the pictures, or guess what their numbers mean.
    film.plant_init(|init| {
        let colour = init.windows(4).position(|bytes| bytes == b"colr").unwrap();
        init[colour..colour + 4].copy_from_slice(b"free");
    })
    .await;
    Planting::assert_caught(film.verdict().await, "colours are tagged");
    film.plant_init(|init| {
        let shape = init.windows(4).position(|bytes| bytes == b"pasp").unwrap();
        init[shape + 4..shape + 8].copy_from_slice(&4u32.to_be_bytes());
        init[shape + 8..shape + 12].copy_from_slice(&3u32.to_be_bytes());
    })
    .await;
    Planting::assert_caught(film.verdict().await, "pixels are 4:3");

    assert_eq!(film.verdict().await, None, "nothing else was wrong with it");
    let ready: Value = film.studio.asset(&film.asset).await;
    assert_eq!(ready["state"], "ready");
}

/// Pictures of RGB are converted by the matrix that they are tagged with: with another one they are others.
#[tokio::test]
async fn the_check_catches_colours_of_another_matrix() {
    let mut film = Planting::begin().await;
    let matrix = "scale=in_color_matrix=bt709:out_color_matrix=bt601,format=yuv420p";
    let tinted = film.changed("tinted.mp4", &["-vf", matrix]);
    film.plant_chunk("tinted", &tinted).await;
    Planting::assert_caught(film.verdict().await, "differ from a continuous decode");
}
