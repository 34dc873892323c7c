//! CPU and bytes of the chunked encode against one ffmpeg that makes the same ladder: `cargo cinema bench transcode [SECONDS]`.

use std::{path::PathBuf, process::Command, time::Duration};

use media::{
    encode::{cost::transcode_cost, probe},
    recipe::plan::{Plan, PlanOptions},
    tools::{container::HEAD_BYTES, ffmpeg::Tools, input::Input, limits::Limits},
};

/// A minute of moving 720p with sound.
const SECONDS: u32 = 120;
/// One minute a chunk.
const CHUNK_GOPS: u64 = 30;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    let programs =
        PathBuf::from(std::env::var_os("CINEMA_TEST_FFMPEG_DIR").ok_or("run `cargo cinema bench transcode`")?);
    let folder = std::env::temp_dir().join(format!("cinema-transcode-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("source.mp4");
    let picture = format!("testsrc2=size=1280x720:rate=24:duration={seconds}");
    let tone = format!("sine=frequency=330:sample_rate=48000:duration={seconds}");
    let made = Command::new(programs.join("ffmpeg"))
        .args(["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &tone])
        .args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-c:a", "aac"])
        .arg(&file)
        .status()?;
    if !made.success() {
        return Err("the source cannot be made".into());
    }
    let tools = Tools::in_folder(&programs);
    let bytes = std::fs::read(&file)?;
    let input = Input::File(file);
    let head = bytes.get(..bytes.len().min(HEAD_BYTES)).unwrap_or_default();
    let source = probe::look_at(&tools, &input, bytes.len() as u64, head).await?;
    let order =
        PlanOptions { source_version: "bench".to_owned(), encoder: tools.build().await?, chunk_gops: CHUNK_GOPS };
    let plan = Plan::new(&source, &order);
    let limits = Limits::encode(Duration::from_secs(1800));
    let cost = transcode_cost(&tools, &input, &plan, &folder, limits).await?;
    let share = |part: f64, whole: f64| part / whole;
    println!(
        "| {seconds} s of 720p24, {} rungs, {} chunks | chunked | one ffmpeg | ratio |",
        plan.rungs.len(),
        cost.chunks
    );
    println!("|---|---|---|---|");
    let (chunked, single) = (cost.chunked_cpu_seconds, cost.single_cpu_seconds);
    println!("| CPU s | {chunked:.1} | {single:.1} | {:.3} |", share(chunked, single));
    let (chunked, single) = (cost.chunked_bytes as f64, cost.single_bytes as f64);
    println!("| MB | {:.2} | {:.2} | {:.3} |", chunked / 1e6, single / 1e6, share(chunked, single));
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
