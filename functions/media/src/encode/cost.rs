//! What the fan-out costs: CPU and bytes of chunked encoding against one ffmpeg that makes the same ladder in one go.

use std::{ffi::OsString, path::Path};

use serde::Serialize;

use crate::{
    encode::{audio, chunk, picture},
    recipe::plan::{Chunk, Plan},
    tools::{error::MediaError, ffmpeg::Tools, input::Input, limits::Limits},
};

/// Clock ticks of `/proc/self/stat` per second: the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// The two ways compared.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TranscodeCost {
    /// CPU seconds of all chunk and audio workers.
    pub chunked_cpu_seconds: f64,
    pub single_cpu_seconds: f64,
    /// Bytes of all segments made in chunks.
    pub chunked_bytes: u64,
    /// Bytes of all fragments made by one ffmpeg.
    pub single_bytes: u64,
    pub chunks: u64,
}

/// Encodes the film of `plan` both ways inside `folder` and measures the children of this process.
///
/// Nothing else may run children meanwhile. `limits` holds for each run.
pub async fn transcode_cost(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    folder: &Path,
    limits: Limits,
) -> Result<TranscodeCost, MediaError> {
    let made = |name: String| {
        let path = folder.join(name);
        std::fs::create_dir_all(&path).map_err(MediaError::file(&path))?;
        Ok::<_, MediaError>(path)
    };
    let before = children_cpu_seconds()?;
    let mut chunked_bytes = 0;
    for index in 0..plan.chunks() {
        let folder = made(format!("chunk{index}"))?;
        let encoded = chunk::encode(tools, input, plan, index, &folder, limits).await?;
        chunked_bytes += encoded.row.tracks.iter().map(|track| track.bytes()).sum::<u64>();
    }
    for sound in &plan.audio {
        let folder = made(sound.name.clone())?;
        let encoded = audio::encode(tools, input, plan, &sound.name, &folder, limits).await?;
        chunked_bytes += encoded.row.track.bytes();
    }
    let between = children_cpu_seconds()?;
    let single = made("single".to_owned())?;
    let film = Chunk { index: 0, first: 0, frames: None, first_segment: 0, hash: String::new() };
    let mut arguments: Vec<OsString> = picture::decoding(tools, input, plan, 0);
    arguments.extend(["-filter_complex".into(), chunk::filters(plan, &film, chunk::Hashing::Nothing).into()]);
    arguments.extend(chunk::encoding(plan, 0, &single));
    for (index, sound) in plan.audio.iter().enumerate() {
        let number = audio::Number { output: 1 + 2 * index, decoder: index };
        arguments.extend(audio::encoding(plan, sound, &made(format!("single/{}", sound.name))?, number));
    }
    tools.run_ffmpeg(&arguments, Some(input), limits).await?;
    let after = children_cpu_seconds()?;
    Ok(TranscodeCost {
        chunked_cpu_seconds: between - before,
        single_cpu_seconds: after - between,
        chunked_bytes,
        single_bytes: fragment_bytes(&single)?,
        chunks: plan.chunks(),
    })
}

/// User and system time of all children that have ended.
fn children_cpu_seconds() -> Result<f64, MediaError> {
    let path = Path::new("/proc/self/stat");
    let text = std::fs::read_to_string(path).map_err(MediaError::file(path))?;
    // The program's name may hold spaces; the fields after it do not. cutime and cstime are fields 16 and 17.
    let fields: Vec<&str> = text.rsplit_once(')').map_or(text.as_str(), |(_, rest)| rest).split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(16) + ticks(17)) / TICKS_PER_SECOND)
}

fn fragment_bytes(folder: &Path) -> Result<u64, MediaError> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder).map_err(MediaError::file(folder))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            sum += fragment_bytes(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "m4s") {
            sum += entry.metadata().map_err(MediaError::file(&path))?.len();
        }
    }
    Ok(sum)
}
