//! Remuxing: packets of a container without an index go into an MP4, unchanged, so that seeking finds the right frame.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{
    recipe::source::Source,
    tools::{error::MediaError, ffmpeg::Tools, input::Input, limits::Limits},
};

/// Copies picture and sound of `source` into `folder` and returns the file. Probe it again: its clock is another.
pub async fn to_mp4(
    tools: &Tools,
    input: &Input,
    source: &Source,
    folder: &Path,
    limits: Limits,
) -> Result<PathBuf, MediaError> {
    let path = folder.join("source.mp4");
    let mut arguments: Vec<OsString> = ["-fflags", "+genpts"].map(OsString::from).into();
    arguments.extend(tools.open(input, source.container));
    arguments.extend(["-map".into(), format!("0:{}", source.video.stream).into()]);
    for track in &source.audio {
        arguments.extend(["-map".into(), format!("0:{}", track.stream).into()]);
    }
    // Strict codecs' MP4 mappings (MPEG-2 sound among them) are fine: only ffmpeg reads this file.
    arguments
        .extend(["-c", "copy", "-strict", "unofficial", "-f", "mp4", "-movflags", "+faststart"].map(OsString::from));
    arguments.push(path.clone().into());
    tools.run_ffmpeg(&arguments, Some(input), limits).await?;
    Ok(path)
}
