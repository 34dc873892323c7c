//! Remuxing: packets of a container without an index go into an MP4, unchanged, so that seeking finds the right frame.

use std::{
    ffi::OsString,
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::{
    recipe::{sound, source::Source},
    tools::{container::Container, error::MediaError, ffmpeg::Tools, input::Input, limits::Limits},
};

/// Sound that an MP4 takes as it is; any other is decoded, and kept without loss.
const COPIED: [&str; 8] = ["aac", "mp2", "mp3", "ac3", "eac3", "opus", "flac", "alac"];

/// Copies picture and sound of `source` into `folder` and returns the file. Probe it again: its clock is another.
pub async fn to_mp4(
    tools: &Tools,
    input: &Input,
    source: &Source,
    folder: &Path,
    limits: Limits,
) -> Result<PathBuf, MediaError> {
    let path = folder.join("source.mp4");
    let mut arguments: Vec<OsString> = Vec::new();
    if let Some(seconds) = source.clock_restarts_seconds {
        // The last packets of the old clock come after the first of the new: each must count as a jump.
        arguments.extend(["-dts_delta_threshold".into(), format!("{:.3}", 0.5 * seconds).into()]);
    }
    if source.container != Container::Avi {
        arguments.extend(["-fflags", "+genpts"].map(OsString::from));
    }
    arguments.extend(tools.open(input, source.container));
    arguments.extend(["-map".into(), format!("0:{}", source.video.stream).into()]);
    for track in &source.audio {
        arguments.extend(["-map".into(), format!("0:{}", track.stream).into()]);
    }
    let mut format = "mp4";
    let mut encoding: Vec<String> = ["-c", "copy"].map(String::from).into();
    for (place, track) in source.audio.iter().enumerate() {
        if !COPIED.contains(&track.codec.as_str()) {
            encoding.extend([format!("-filter:a:{place}"), sound::layout(2, track.is_first_channel)]);
            encoding.extend([format!("-c:a:{place}"), "flac".to_owned()]);
        }
    }
    if source.container == Container::Avi {
        // AVI has no time at which a picture is shown: it follows from the order in which pictures are numbered. The first
        // is shown at once; the last has no later one that it could be told from.
        let last = source.held_from.map_or(source.seconds, |frames| source.rate.seconds(frames));
        let shown = format!("pts=if(gte(PTS\\,0)\\,PTS-STARTPTS\\,round({last:.6}/TB)-1)");
        encoding.extend(["-bsf:v".to_owned(), format!("dts2pts,setts={shown}:dts=DTS-STARTPTS")]);
        // An MP4's edit list would cut off the last pictures, which are decoded before zero.
        format = "matroska";
    }
    if let Some(canvas) = &source.video.canvas {
        // Square, so that the copy has no shape of its own beside that of its pictures.
        encoding.extend(["-aspect:v".to_owned(), format!("{}:{}", canvas.width, canvas.height)]);
    }
    arguments.extend(encoding.into_iter().map(OsString::from));
    // Strict codecs' MP4 mappings (MPEG-2 sound among them) are fine: only ffmpeg reads this file.
    arguments.extend(["-strict", "unofficial", "-f", format, "-movflags", "+faststart"].map(OsString::from));
    arguments.push(path.clone().into());
    tools.run_ffmpeg(&arguments, Some(input), limits).await?;
    forget_pixel_shape(&path).map_err(MediaError::file(&path))?;
    Ok(path)
}

/// Makes the copy say nothing of the shape of its pixels, so that each picture's own word counts: one shape for all would
/// hide that it changes.
fn forget_pixel_shape(path: &Path) -> std::io::Result<()> {
    /// The size and the name of the box.
    const PASP: [u8; 8] = *b"\0\0\0\x10pasp";
    let mut file = File::options().read(true).write(true).open(path)?;
    let (mut at, end) = (0u64, file.metadata()?.len());
    while at + 8 <= end {
        let mut head = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head)?;
        let size = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        if &head[4..] == b"moov" {
            let mut moov = vec![0; usize::try_from(size).unwrap_or_default().saturating_sub(8)];
            file.read_exact(&mut moov)?;
            for place in
                moov.windows(PASP.len()).enumerate().filter(|(_, bytes)| *bytes == PASP).map(|(place, _)| place)
            {
                file.seek(SeekFrom::Start(at + 8 + place as u64 + 4))?;
                file.write_all(b"free")?;
            }
            return Ok(());
        }
        // Ours lies in front of the media: nothing of 4 GiB comes before it.
        at += size.max(8);
    }
    Ok(())
}
