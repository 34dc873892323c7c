//! The decision on a source, from what ffprobe said: accepted, as what, or why it is refused.

use crate::{
    recipe::{
        rate::Rate,
        source::{Source, Video},
        timing::Timing,
        tracks,
    },
    tools::{
        container::Container,
        ffprobe::{Document, Frame, Packet, Stream},
        limits::{LARGEST_PICTURE, LONGEST_FILM, LONGEST_SIDE, SMALLEST_SIDE},
        refusal::Refusal,
    },
};

/// So much of the beginning of a long film is read, in seconds.
pub const HEAD_SECONDS: u32 = 60;
/// A film may end this much before its container says so.
const MISSING_SECONDS: f64 = 1.0;
const MISSING_SHARE: f64 = 0.02;
/// Decoding starts this much before a chunk: deinterlacing and frame repetition need what came before.
const PREROLL_SECONDS: f64 = 1.0;
const LONGEST_PREROLL_SECONDS: f64 = 120.0;

/// The packets that were read.
pub struct Reading {
    /// Of all streams.
    pub packets: Vec<Packet>,
    /// Whether nothing lies between those that were read.
    pub is_whole: bool,
}

/// Decides; any file can be replayed in a test from what ffprobe said.
pub fn decide(
    container: Container,
    document: &Document,
    frames: &[Frame],
    reading: &Reading,
) -> Result<Source, Refusal> {
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
    let audio = tracks::audio(document, &mut notes);
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
        captions: tracks::captions(document),
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
pub fn picture_stream(document: &Document) -> Option<&Stream> {
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

pub fn rate_of(text: &Option<String>) -> Option<f64> {
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

pub fn seconds(text: Option<&str>) -> Option<f64> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests;
