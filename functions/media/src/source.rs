//! A source: what an upload turned out to be, or why it is refused.

use serde::{Deserialize, Serialize};

use crate::container::Container;
use crate::error::MediaError;
use crate::ffmpeg::{Input, Tools};
use crate::ffprobe::{self, Document, Frame, Packet, Span, Stream};
use crate::language;
use crate::limits::{LARGEST_PICTURE, LONGEST_FILM, LONGEST_SIDE, MOST_AUDIO_TRACKS, SMALLEST_SIDE};
use crate::rate::Rate;
use crate::refusal::Refusal;
use crate::timing::Timing;

/// So much of the beginning and the end is looked at; shorter films are read whole.
const HEAD_SECONDS: u32 = 60;
const TAIL_SECONDS: u64 = 20;
/// A film may end this much before its container says so.
const MISSING_SECONDS: f64 = 1.0;
const MISSING_SHARE: f64 = 0.02;
/// The counted rate of an even film is that of its beginning.
const EVEN_WITHIN: f64 = 0.01;
/// Decoding starts this much before a chunk: deinterlacing and frame repetition need what came before.
const PREROLL_SECONDS: f64 = 1.0;
const LONGEST_PREROLL_SECONDS: f64 = 120.0;

/// An accepted source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// What it is wrapped in.
    pub container: Container,
    /// Whether it must be remuxed (and probed again) before anything seeks in it.
    pub needs_remux: bool,
    /// How long the pictures last, in seconds on the film's clock.
    pub seconds: f64,
    /// How much later than the file's own clock the film's begins, in seconds: less than a frame. Without it a track
    /// that starts 21 ms before the picture (AAC does) would put every frame half-way between two of ours.
    pub origin_seconds: f64,
    /// The rate it will be shown at.
    pub rate: Rate,
    /// Whether its own pictures come at uneven times.
    pub is_variable: bool,
    /// How many frames that makes at `rate`; the encoder's last chunk has the final word.
    pub frames: u64,
    /// The picture.
    pub video: Video,
    /// The sound, in file order.
    pub audio: Vec<AudioTrack>,
    /// Captions inside the container, in file order.
    pub captions: Vec<CaptionTrack>,
    /// What was left out, for the studio.
    pub notes: Vec<String>,
}

/// The picture of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// Stream index in the file.
    pub stream: u32,
    /// `h264`, `hevc`…
    pub codec: String,
    /// Width as shown: after rotation, with square pixels.
    pub width: u32,
    /// Height as shown.
    pub height: u32,
    /// Clockwise turn that makes it upright: 0, 90, 180 or 270 degrees.
    pub rotation: u16,
    /// Whether the pixels are square in the file.
    pub has_square_pixels: bool,
    /// Whether pictures consist of two fields.
    pub is_interlaced: bool,
    /// Bits per sample.
    pub bits: u8,
    /// Whether its light must be mapped to standard range (PQ or HLG).
    pub is_hdr: bool,
    /// Whether captions are hidden in the pictures.
    pub has_closed_captions: bool,
    /// How long before a chunk decoding starts, in seconds.
    pub preroll_seconds: f64,
    /// The longest stretch without a picture that can be decoded alone, in seconds.
    pub key_gap_seconds: f64,
}

/// One audio track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AudioTrack {
    /// Stream index in the file.
    pub stream: u32,
    /// `aac`, `ac3`…
    pub codec: String,
    /// Channels in the source.
    pub channels: u32,
    /// BCP 47.
    pub language: String,
    /// The track's own title.
    pub title: Option<String>,
    /// Whether the file wants it played unless another is chosen.
    pub is_default: bool,
}

/// One caption track inside the container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaptionTrack {
    /// Stream index in the file.
    pub stream: u32,
    /// `subrip`, `mov_text`, `hdmv_pgs_subtitle`…
    pub codec: String,
    /// BCP 47.
    pub language: String,
    /// Whether it is text; pictures cannot become WebVTT.
    pub is_text: bool,
}

/// Looks at the object of `size` bytes that begins with `head` (see [`crate::container::HEAD_BYTES`]).
pub async fn probe(tools: &Tools, input: &Input, size: u64, head: &[u8]) -> Result<Source, MediaError> {
    let container = Container::sniff(size, head)?;
    let document = ffprobe::document(tools, input, container).await?;
    let picture = picture_stream(&document).ok_or(Refusal::NoVideo)?;
    let stream = picture.index;
    let reading = read(tools, input, container, &document, picture).await?;
    if container != Container::MpegTs && ffprobe::is_encrypted(tools, input, container, stream).await? {
        return Err(Refusal::Encrypted.into());
    }
    let frames = ffprobe::first_frames(tools, input, container, stream).await?;
    Ok(judge(container, &document, &frames, &reading)?)
}

/// The packets that decide, and whether they are all there are.
struct Reading {
    packets: Vec<Packet>,
    is_whole: bool,
}

/// Beginning and end of a long, even film; all of any other. Matroska has no frame count that would betray a pause.
async fn read(
    tools: &Tools,
    input: &Input,
    container: Container,
    document: &Document,
    stream: &Stream,
) -> Result<Reading, MediaError> {
    let declared = seconds(document.format.duration.as_deref()).unwrap_or(0.0);
    let is_long = declared > f64::from(HEAD_SECONDS) + TAIL_SECONDS as f64;
    if is_long && matches!(container, Container::Mov | Container::Avi) {
        let mut packets = ffprobe::packets(tools, input, container, Span::First(HEAD_SECONDS)).await?;
        let tail = ffprobe::packets(tools, input, container, Span::From(declared as u64 - TAIL_SECONDS)).await?;
        let is_even = Timing::of(&packets, stream.index).is_some_and(|timing| {
            let counted = rate_of(&stream.avg_frame_rate).unwrap_or(0.0);
            !timing.is_variable() && (counted * timing.usual_gap - 1.0).abs() < EVEN_WITHIN
        });
        if is_even && tail.iter().any(|packet| packet.stream == stream.index) {
            packets.extend(tail);
            return Ok(Reading { packets, is_whole: false });
        }
    }
    Ok(Reading { packets: ffprobe::packets(tools, input, container, Span::All).await?, is_whole: true })
}

/// Decides from what ffprobe said; pure, so that any file can be replayed in a test.
fn judge(container: Container, document: &Document, frames: &[Frame], reading: &Reading) -> Result<Source, Refusal> {
    let packets = &reading.packets;
    let stream = picture_stream(document).ok_or(Refusal::NoVideo)?;
    let zero = seconds(document.format.start_time.as_deref()).unwrap_or(0.0);
    let declared = seconds(document.format.duration.as_deref()).unwrap_or(0.0);
    let whole = Timing::of(packets, stream.index)
        .ok_or_else(|| Refusal::Truncated { detail: "there is no picture in it".to_owned() })?;
    let last = packets.iter().map(|packet| packet.time + packet.duration).fold(f64::MIN, f64::max) - zero;
    if container.can_seek() && last + MISSING_SECONDS + MISSING_SHARE * declared < declared {
        return Err(Refusal::Truncated {
            detail: format!("it should last {declared:.1} s and ends after {last:.1} s"),
        });
    }
    let codec = stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned());
    let Some(frame) = frames.first() else {
        return Err(Refusal::Undecodable { kind: "video".to_owned(), codec });
    };
    if whole.end <= zero || whole.end <= whole.first {
        return Err(Refusal::ZeroDuration);
    }
    if whole.end - zero > LONGEST_FILM.as_secs_f64() {
        let seconds = (whole.end - zero) as u64;
        return Err(Refusal::TooLong { seconds, limit_hours: LONGEST_FILM.as_secs() / 3600 });
    }
    // The hole between the two ends of a long film is no pause: its pace is that of its beginning.
    let pace = if reading.is_whole {
        whole
    } else {
        let is_head = |packet: &&Packet| packet.time - zero <= f64::from(HEAD_SECONDS);
        let head: Vec<Packet> = packets.iter().filter(is_head).copied().collect();
        Timing::of(&head, stream.index).unwrap_or(whole)
    };
    let is_variable = pace.is_variable();
    let rate = Rate::nearest(observed_rate(stream, &pace, is_variable));
    let origin_seconds = origin(whole.first - zero, rate);
    let seconds = whole.end - zero - origin_seconds;
    let video = video(stream, frame, frames, &pace, is_variable)?;
    let mut notes = Vec::new();
    let audio = audio(document, &mut notes);
    Ok(Source {
        container,
        needs_remux: !container.can_seek(),
        seconds,
        origin_seconds,
        rate,
        is_variable,
        frames: rate.frames(seconds).max(1),
        video,
        audio,
        captions: captions(document),
        notes,
    })
}

/// What is left of the first picture's time after whole frames; a millisecond clock is not that exact.
fn origin(first: f64, rate: Rate) -> f64 {
    let frame = rate.seconds(1);
    let whole = ((first.max(0.0) + 0.002) / frame).floor();
    (first.max(0.0) - whole * frame).clamp(0.0, frame)
}

/// The first stream of moving pictures: cover art is a still.
fn picture_stream(document: &Document) -> Option<&Stream> {
    let flag = |stream: &Stream, name: &str| stream.disposition.get(name).copied().unwrap_or(0) == 1;
    let mut moving = document.streams.iter().filter(|stream| {
        stream.codec_type.as_deref() == Some("video")
            && !flag(stream, "attached_pic")
            && !flag(stream, "still_image")
            && !flag(stream, "timed_thumbnails")
    });
    let first = moving.clone().next();
    moving.find(|stream| flag(stream, "default")).or(first)
}

fn observed_rate(stream: &Stream, pace: &Timing, is_variable: bool) -> f64 {
    let usual = (pace.usual_gap > 0.0).then(|| 1.0 / pace.usual_gap);
    let (average, finest) = (rate_of(&stream.avg_frame_rate), rate_of(&stream.r_frame_rate));
    if is_variable {
        // The finest rate is right for a phone that drops frames (30) and nonsense for a millisecond clock (1000).
        let is_near = |rate: &f64| usual.is_some_and(|usual| (rate / usual - 1.0).abs() < 0.2);
        return finest.filter(is_near).or(usual).or(average).unwrap_or(24.0);
    }
    average.or(usual).or(finest).unwrap_or(24.0)
}

fn rate_of(text: &Option<String>) -> Option<f64> {
    let rate: Option<Rate> = text.as_deref().and_then(|text| text.parse().ok());
    rate.map(Rate::per_second).filter(|rate| (0.01..=1000.0).contains(rate))
}

fn video(stream: &Stream, frame: &Frame, frames: &[Frame], pace: &Timing, is_variable: bool) -> Result<Video, Refusal> {
    let (width, height) = (stream.width.unwrap_or(frame.width), stream.height.unwrap_or(frame.height));
    let in_range = |side: u32| (SMALLEST_SIDE..=LONGEST_SIDE).contains(&side);
    if !in_range(width) || !in_range(height) || u64::from(width) * u64::from(height) > LARGEST_PICTURE {
        return Err(Refusal::PictureSize { width, height });
    }
    let (across, down) = pixel_shape(stream.sample_aspect_ratio.as_deref());
    let stretched = (f64::from(width) * f64::from(across) / f64::from(down)).round() as u32;
    let turn = stream.side_data_list.iter().find_map(|data| data.rotation).unwrap_or(0.0);
    // ffprobe's angle is counter-clockwise.
    let rotation = ((-turn / 90.0).round() as i64).rem_euclid(4) as u16 * 90;
    let (shown_width, shown_height) = if rotation % 180 == 90 { (height, stretched) } else { (stretched, height) };
    if !in_range(shown_width) || !in_range(shown_height) {
        return Err(Refusal::PictureSize { width: shown_width, height: shown_height });
    }
    let transfer =
        stream.color_transfer.as_deref().filter(|name| *name != "unknown").or(frame.color_transfer.as_deref());
    let has_fields = matches!(stream.field_order.as_deref(), Some("tt" | "bb" | "tb" | "bt"));
    let preroll = if is_variable { pace.longest_gap + PREROLL_SECONDS } else { PREROLL_SECONDS };
    Ok(Video {
        stream: stream.index,
        codec: stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned()),
        width: shown_width,
        height: shown_height,
        rotation,
        has_square_pixels: across == down,
        is_interlaced: has_fields || frames.iter().any(|frame| frame.interlaced_frame == 1),
        bits: bits(stream.pix_fmt.as_deref().unwrap_or_default()),
        is_hdr: matches!(transfer, Some("smpte2084" | "arib-std-b67")),
        has_closed_captions: stream.closed_captions.unwrap_or(0) == 1,
        preroll_seconds: preroll.min(LONGEST_PREROLL_SECONDS),
        key_gap_seconds: pace.longest_key_gap,
    })
}

/// `64:45` as numbers; nonsense counts as square.
fn pixel_shape(text: Option<&str>) -> (u32, u32) {
    let parsed = text.and_then(|text| text.split_once(':')).and_then(|(across, down)| {
        let (across, down) = (across.parse::<u32>().ok()?, down.parse::<u32>().ok()?);
        let is_sane = across > 0 && down > 0 && across / down < 8 && down / across < 8;
        is_sane.then_some((across, down))
    });
    parsed.unwrap_or((1, 1))
}

fn bits(pix_fmt: &str) -> u8 {
    let depth = |mark: &str| pix_fmt.contains(mark);
    match () {
        () if depth("p010") || depth("10le") || depth("10be") => 10,
        () if depth("p012") || depth("12le") || depth("12be") => 12,
        () if depth("p016") || depth("16le") || depth("16be") => 16,
        () => 8,
    }
}

fn audio(document: &Document, notes: &mut Vec<String>) -> Vec<AudioTrack> {
    let mut tracks = Vec::new();
    for stream in document.streams.iter().filter(|stream| stream.codec_type.as_deref() == Some("audio")) {
        let codec = stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned());
        let channels = stream.channels.unwrap_or(0);
        if codec == "unknown" || codec == "none" || channels == 0 {
            notes.push(format!("audio stream {} is left out: its codec is unknown", stream.index));
        } else if tracks.len() == MOST_AUDIO_TRACKS {
            notes.push(format!("audio stream {} is left out: more than {MOST_AUDIO_TRACKS} tracks", stream.index));
        } else {
            tracks.push(AudioTrack {
                stream: stream.index,
                codec,
                channels,
                language: language::tag(stream.tags.get("language").map(String::as_str)),
                title: stream.tags.get("title").filter(|title| !title.trim().is_empty()).cloned(),
                is_default: stream.disposition.get("default").copied().unwrap_or(0) == 1,
            });
        }
    }
    tracks
}

fn captions(document: &Document) -> Vec<CaptionTrack> {
    let subtitles = document.streams.iter().filter(|stream| stream.codec_type.as_deref() == Some("subtitle"));
    subtitles
        .map(|stream| {
            let codec = stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned());
            CaptionTrack {
                stream: stream.index,
                is_text: matches!(codec.as_str(), "subrip" | "ass" | "ssa" | "webvtt" | "mov_text" | "text" | "ttml"),
                codec,
                language: language::tag(stream.tags.get("language").map(String::as_str)),
            }
        })
        .collect()
}

fn seconds(text: Option<&str>) -> Option<f64> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests;
