//! Sound: each track is encoded once, from beginning to end, because every joint would add 30 ms of AAC priming.

use std::{ffi::OsString, path::Path};

use crate::{
    encode::{
        damage, muxer, picture,
        segments::{self, Joining, Place},
    },
    film::ledger::{Output, SoundRow},
    recipe::{plan::Plan, sound::Sound},
    tools::{error::MediaError, ffmpeg::Tools, input::Input, limits::Limits},
};

/// What an audio worker has made: upload the files, then write the row.
#[derive(Debug)]
pub struct EncodedSound {
    /// For the ledger.
    pub row: SoundRow,
    /// To be stored under the asset's prefix.
    pub files: Vec<Output>,
}

/// Encodes the plan's audio rendition `name` inside `folder`, which must be empty.
///
/// A track that starts late, ends early or has holes is filled with silence: sound is always as long as the picture.
pub async fn encode(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    name: &str,
    folder: &Path,
    limits: Limits,
) -> Result<EncodedSound, MediaError> {
    let sound = plan.audio.iter().find(|sound| sound.name == name);
    let sound = sound.ok_or_else(|| MediaError::unexpected(format!("there is no audio rendition {name}")))?;
    let build = tools.build().await?;
    if build != plan.encoder {
        return Err(MediaError::Encoder { planned: plan.encoder.clone(), found: build });
    }
    let mut arguments: Vec<OsString> = picture::decoding(tools, input, plan, 0);
    arguments.extend(encoding(plan, sound, folder, Number { output: 0, decoder: 0 }));
    let printed = tools.run_ffmpeg(&arguments, Some(input), limits).await?;
    let mut damage = Vec::new();
    if !printed.stderr.trim().is_empty() {
        damage = damage::find(tools, input, plan, sound.stream, (0.0, None), limits).await?;
    }
    let hash = plan.sound_hash(sound);
    let place = Place { folder, rendition: &sound.name, hash: &hash, first_segment: 0 };
    let (track, files) = segments::join(&place, Joining::Sound)?;
    let (expected, found) = (plan.seconds(), track.seconds());
    // One AAC frame before the beginning and one after the end.
    if (found - expected).abs() > 2.5 * 1024.0 / f64::from(track.timescale) {
        return Err(MediaError::unexpected(format!("{name} lasts {found:.3} s instead of {expected:.3} s")));
    }
    Ok(EncodedSound { row: SoundRow { hash, encoder: plan.encoder.clone(), track, damage }, files })
}

/// Which output and which decoder of one run of ffmpeg a rendition begins with.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    /// Outputs before it.
    pub output: usize,
    /// Renditions before it.
    pub decoder: usize,
}

/// The encoder's and the muxer's arguments: two outputs and one decoder.
///
/// A filter graph is built anew when the sound changes its layout inside the file, and one with `first_pts` would begin at
/// zero again. So the sound is brought to one layout and rate first, and a second graph, which never changes, puts it on the
/// film's clock.
pub(crate) fn encoding(plan: &Plan, sound: &Sound, folder: &Path, number: Number) -> Vec<OsString> {
    let mut arguments = vec!["-map".to_owned(), format!("0:{}", sound.stream)];
    arguments.extend(["-vn", "-sn", "-dn"].map(String::from));
    arguments.extend(["-af".into(), sound.layout(), "-c:a".into(), "pcm_f32le".into()]);
    arguments.extend(["-f", "null", "-"].map(String::from));
    arguments.extend(["-dec".into(), format!("{}:0", number.output)]);
    let shift = match plan.picture.origin_us {
        0 => String::new(),
        _ => format!("asetpts=PTS-{:.6}/TB,", plan.origin()),
    };
    let (decoder, label) = (number.decoder, format!("[sound{}]", number.decoder));
    // Without first_pts a track that starts 0.5 s late plays 0.46 s early; holes of less than 0.1 s would go unfilled, and what
    // follows be early by as much, without min_hard_comp.
    let hole = sound.hole_seconds();
    let graph = format!("[dec:{decoder}]{shift}aresample=async=1:first_pts=0:min_hard_comp={hole:.3},apad{label}");
    arguments.extend(["-filter_complex".into(), graph, "-map".into(), label]);
    arguments.extend(["-t".into(), format!("{:.6}", plan.seconds())]);
    arguments.extend(["-c:a".into(), "aac".into(), "-b:a".into(), format!("{}k", sound.kbps)]);
    arguments.extend(["-ac".into(), sound.channels.to_string(), "-ar".into(), "48000".into()]);
    arguments.extend(["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"].map(String::from));
    arguments.extend(muxer::fragments(&format!("{:.6}", plan.rate.seconds(plan.segment))));
    let mut arguments: Vec<OsString> = arguments.into_iter().map(OsString::from).collect();
    arguments.extend(["-hls_segment_filename".into(), folder.join("g%06d.m4s").into()]);
    arguments.push(folder.join("index.m3u8").into());
    arguments
}
