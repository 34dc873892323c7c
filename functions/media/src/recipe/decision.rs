//! The decision on a source, from what ffprobe said: accepted, as what, or why it is refused.

use std::collections::BTreeMap;

use crate::{
    recipe::{
        colour::{self, Colour},
        left_over,
        rate::Rate,
        shape::{Canvas, Pixel, Seen, Turn},
        source::{Source, Video},
        timing::{Pause, SHORTEST_PAUSE_SECONDS, Timing, clock, jitter, pauses},
        tracks::{self, Heard},
    },
    tools::{
        container::Container,
        ffprobe::{Document, Frame, Packet, SideData, Stream},
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
/// Sound that goes on this much longer than the picture is padding of its codec.
const SOUND_PADDING_SECONDS: f64 = 0.1;
/// Sound that there is a decoder for: where it fails, the file is at fault.
const USUAL_SOUND: [&str; 8] = ["aac", "mp2", "mp3", "ac3", "eac3", "opus", "flac", "vorbis"];
/// A picture that is held for longer than this is worth a word.
const HELD_SECONDS_WORTH_A_NOTE: f64 = 1.0;

/// The packets that were read.
pub struct Reading {
    /// Of all streams.
    pub packets: Vec<Packet>,
    /// Whether nothing lies between those that were read.
    pub is_whole: bool,
    /// Whether sound could be decoded, by stream; those that are not in here were not tried.
    pub heard: BTreeMap<u32, Heard>,
}

/// Decides; any file can be replayed in a test from what ffprobe said.
pub fn decide(
    container: Container,
    document: &Document,
    frames: &[Frame],
    reading: &Reading,
) -> Result<Source, Refusal> {
    let packets = &reading.packets;
    let stream = picture_stream(document, packets).ok_or(Refusal::NoVideo)?;
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
    if container.can_seek() && begins_again(packets, stream.index, whole.usual_gap) {
        return Err(Refusal::SeveralRecordings);
    }
    if stream.side_data_list.iter().any(|data| data.dv_bl_signal_compatibility_id == Some(0)) {
        return Err(Refusal::DolbyVision);
    }
    let codec = stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned());
    if frames.is_empty() {
        return Err(Refusal::Undecodable { kind: "video".to_owned(), codec });
    }
    let mut notes = Vec::new();
    let mut audio = tracks::audio(document, stream.index, &reading.heard, &mut notes);
    for track in &mut audio {
        track.jitter_seconds = jitter(packets, track.stream);
    }
    if let Some(lost) = tracks::only_sound(document).filter(|_| audio.is_empty()) {
        return Err(if USUAL_SOUND.contains(&lost.as_str()) {
            Refusal::Damaged { detail: "its sound cannot be decoded".to_owned() }
        } else {
            Refusal::Undecodable { kind: "audio".to_owned(), codec: lost }
        });
    }
    let sound = tracks::default(&audio).and_then(|track| Timing::of(packets, track.stream));
    let sound_end = sound.map_or(f64::MIN, |sound| sound.end);
    let end = whole.end.max(sound_end);
    if end <= zero || end <= whole.first {
        return Err(Refusal::ZeroDuration);
    }
    // The clock of what will be remuxed may jump; its copy is measured.
    if container.can_seek() && end - zero > LONGEST_FILM.as_secs_f64() {
        let seconds = (end - zero) as u64;
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
    let picture_seconds = whole.end - zero - origin_seconds;
    let sound_seconds = sound_end - zero - origin_seconds;
    let is_held = sound_seconds - picture_seconds > SOUND_PADDING_SECONDS.max(rate.seconds(1));
    let mut video = video(stream, frames, zero, &pace, &mut notes)?;
    notes.extend(left_over::pictures(document, packets, stream.index, whole.end, zero));
    notes.extend(left_over::sounds(&audio, packets, zero, end));
    if reading.is_whole {
        video.pauses = pauses(packets, stream.index, zero);
    }
    // The last picture may stay for long.
    video.pauses.push(Pause::between(whole.last - zero, f64::MAX));
    let seconds = if is_held { sound_seconds } else { picture_seconds };
    // Each field of an interlaced picture may be a packet.
    if !video.is_interlaced {
        let times = packets.iter().filter(|packet| packet.stream == stream.index).map(|packet| packet.time);
        notes.extend(crowded(times, zero + origin_seconds, rate, reading.is_whole));
    }
    if is_held && sound_seconds - picture_seconds > HELD_SECONDS_WORTH_A_NOTE {
        notes.push(format!(
            "the picture ends {:.1} s before the sound; the last picture stays on the screen until the end",
            sound_seconds - picture_seconds
        ));
    }
    Ok(Source {
        container,
        needs_remux: needs_remux(container, stream),
        clock_restarts_seconds: if container.can_seek() { None } else { clock_restart(packets) },
        seconds,
        held_from: is_held.then(|| rate.frames(picture_seconds).max(1)),
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

/// What is to be said when pictures come so close together that the film cannot show each of them.
fn crowded(times: impl Iterator<Item = f64>, from: f64, rate: Rate, is_whole: bool) -> Option<String> {
    let mut places: Vec<i64> = times.map(|time| ((time - from) * rate.per_second()).round() as i64).collect();
    places.sort_unstable();
    let lost = places.windows(2).filter(|pair| pair[0] == pair[1]).count();
    let (all, fastest) = (places.len(), (rate.per_second() * 100.0).round() / 100.0);
    let how_many = if is_whole { format!("{lost} of {all}") } else { format!("{} % of the", 100 * lost / all.max(1)) };
    let text = format!("{how_many} pictures are not shown: the film has {fastest} a second, and they come faster");
    // One in a film is the rounding of two clocks.
    (lost > 1).then_some(text)
}

/// The smallest step back of the clock that is more than the order in which pictures are decoded, in seconds.
fn clock_restart(packets: &[Packet]) -> Option<f64> {
    const REORDERED_SECONDS: f64 = 1.0;
    let mut before: BTreeMap<u32, f64> = BTreeMap::new();
    let steps = packets.iter().filter_map(|packet| Some(before.insert(packet.stream, packet.time)? - packet.time));
    steps.filter(|step| *step > REORDERED_SECONDS).min_by(f64::total_cmp)
}

/// Whether the clock of a stream goes back to its beginning, farther than any order of decoding: recordings put behind each other.
fn begins_again(packets: &[Packet], stream: u32, usual_gap: f64) -> bool {
    /// Pictures that may wait for others.
    const MOST_REORDERED: f64 = 17.0;
    let own = || packets.iter().filter(|packet| packet.stream == stream).map(|packet| packet.time);
    let Some(first) = own().next() else { return false };
    let mut latest = first;
    own().any(|time| {
        latest = latest.max(time);
        time < first + 1.0 && latest > first + 2.0_f64.max(MOST_REORDERED * usual_gap)
    })
}

/// Whether seeking would not find the right frame: there is no index, or no time at which a picture is shown.
fn needs_remux(container: Container, stream: &Stream) -> bool {
    let is_reordered = matches!(stream.codec_name.as_deref(), Some("h264" | "hevc"));
    !container.can_seek() || (container == Container::Avi && is_reordered)
}

/// What is left of the first picture's time after whole frames; a millisecond clock is not that exact.
fn origin(first: f64, rate: Rate) -> f64 {
    let frame = rate.seconds(1);
    let whole = ((first.max(0.0) + 0.002) / frame).floor();
    (first.max(0.0) - whole * frame).clamp(0.0, frame)
}

/// The stream of moving pictures: cover art is a still, and a poster is a stream of one picture.
pub fn picture_stream<'a>(document: &'a Document, packets: &[Packet]) -> Option<&'a Stream> {
    let moving: Vec<&Stream> = document.streams.iter().filter(|stream| stream.is_moving()).collect();
    let count = |stream: &Stream| packets.iter().filter(|packet| packet.stream == stream.index).count();
    let most = moving.iter().map(|stream| count(stream)).max()?;
    // Another angle has about as many pictures as the film; a poster does not.
    let mut films = moving.into_iter().filter(|stream| 2 * count(stream) >= most);
    let first = films.clone().next();
    films.find(|stream| stream.is_flagged("default")).or(first)
}

fn observed_rate(stream: &Stream, pace: &Timing, is_variable: bool) -> f64 {
    let usual = (pace.usual_gap > 0.0).then(|| 1.0 / pace.usual_gap);
    let (average, finest) = (rate_of(&stream.avg_frame_rate), rate_of(&stream.r_frame_rate));
    if is_variable {
        // The finest rate is right for a phone that drops frames (30) and nonsense for a millisecond clock (1000).
        let is_near = |rate: &f64| usual.is_some_and(|usual| (rate / usual - 1.0).abs() < 0.2);
        return finest.filter(is_near).or(usual).or(average).unwrap_or(24.0);
    }
    // A container may declare what its packets do not do: a default duration of twice their distance. Of fields each may be a packet.
    let is_progressive = stream.field_order.as_deref() == Some("progressive");
    let is_true = |rate: &f64| !is_progressive || usual.is_none_or(|usual| (rate / usual - 1.0).abs() < 0.2);
    average.filter(is_true).or(usual).or(finest).unwrap_or(24.0)
}

pub fn rate_of(text: &Option<String>) -> Option<f64> {
    let rate: Option<Rate> = text.as_deref().and_then(|text| text.parse().ok());
    rate.map(Rate::per_second).filter(|rate| (0.01..=1000.0).contains(rate))
}

fn video(
    stream: &Stream,
    frames: &[Frame],
    zero: f64,
    pace: &Timing,
    notes: &mut Vec<String>,
) -> Result<Video, Refusal> {
    let seen: Vec<Seen> = frames.iter().map(|frame| seen(stream, frame, zero)).collect();
    let Some(canvas) = Canvas::of(&seen) else {
        return Err(Refusal::ZeroDuration);
    };
    let (width, height) = (canvas.width, canvas.height);
    let in_range = |side: u32| (SMALLEST_SIDE..=LONGEST_SIDE).contains(&side);
    if !in_range(width) || !in_range(height) || u64::from(width) * u64::from(height) > LARGEST_PICTURE {
        return Err(Refusal::PictureSize { width, height });
    }
    let first = frames.first().cloned().unwrap_or_default();
    let turn = turn(&stream.side_data_list).or_else(|| turn(&first.side_data_list)).unwrap_or_default();
    let (stretched, lines) = canvas.shown();
    let (shown_width, shown_height) = if turn.is_quarter() { (lines, stretched) } else { (stretched, lines) };
    if !in_range(shown_width) || !in_range(shown_height) {
        return Err(Refusal::PictureSize { width: shown_width, height: shown_height });
    }
    if canvas.has_borders {
        notes.push(format!(
            "the picture changes its shape inside the file; where it is not {shown_width}×{shown_height} it has black borders"
        ));
    } else if seen.iter().any(|one| (one.width, one.height) != (width, height)) {
        notes.push(format!(
            "the picture changes its size inside the file; it is shown as {shown_width}×{shown_height} throughout"
        ));
    }
    let tag = |stream: &Option<String>, frame: &Option<String>| {
        colour::known(stream.as_deref()).or(colour::known(frame.as_deref())).map(str::to_owned)
    };
    let matrix = tag(&stream.color_space, &first.color_space);
    let primaries = tag(&stream.color_primaries, &first.color_primaries);
    let transfer = tag(&stream.color_transfer, &first.color_transfer);
    let tags = (matrix.as_deref(), primaries.as_deref(), transfer.as_deref());
    let pix_fmt = stream.pix_fmt.as_deref().unwrap_or_default();
    if let Some(matrix) = matrix.as_deref().filter(|matrix| !colour::is_convertible(matrix)) {
        return Err(Refusal::Colours { matrix: matrix.to_owned() });
    }
    let has_fields = matches!(stream.field_order.as_deref(), Some("tt" | "bb" | "tb" | "bt"));
    let has_some = frames.iter().any(|frame| frame.interlaced_frame == 1);
    let is_high = |transfer: Option<&str>| matches!(transfer, Some("smpte2084" | "arib-std-b67"));
    let is_hdr = is_high(transfer.as_deref());
    let is_another =
        |frame: &&Frame| is_high(frame.color_transfer.as_deref()) != is_high(first.color_transfer.as_deref());
    if let Some(frame) = frames.iter().find(is_another) {
        let at = seconds(frame.time.as_deref()).map_or(0.0, |at| at - zero);
        notes.push(format!(
            "the picture changes between standard and high dynamic range at {}; its colours are right before that only",
            clock(at.max(0.0) as u64)
        ));
    }
    Ok(Video {
        stream: stream.index,
        codec: stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned()),
        width: shown_width,
        height: shown_height,
        turn,
        colour: if is_hdr { Colour::default() } else { Colour::of(pix_fmt, tags, (width, height)) },
        canvas: Some(canvas),
        is_interlaced: has_fields || has_some,
        is_partly_interlaced: has_some && frames.iter().any(|frame| frame.interlaced_frame == 0),
        bits: bits(pix_fmt),
        is_hdr,
        has_closed_captions: stream.closed_captions.unwrap_or(0) == 1,
        preroll_seconds: pace.longest_gap.min(SHORTEST_PAUSE_SECONDS) + PREROLL_SECONDS,
        pauses: Vec::new(),
        reordered: stream.has_b_frames.unwrap_or(0),
        key_gap_seconds: pace.longest_key_gap,
    })
}

/// A decoded picture as it is shown: what the container hides is cut off.
fn seen(stream: &Stream, frame: &Frame, zero: f64) -> Seen {
    let hidden = |side: fn(&crate::tools::ffprobe::SideData) -> Option<u32>| {
        stream.side_data_list.iter().find_map(side).unwrap_or(0)
    };
    let across = hidden(|data| data.crop_left) + hidden(|data| data.crop_right);
    let down = hidden(|data| data.crop_top) + hidden(|data| data.crop_bottom);
    // A decoder that has cut it off already gives fewer lines than are stored.
    let is_stored = |side: u32, stored: Option<u32>| stored.is_none_or(|stored| side >= stored);
    let is_whole = is_stored(frame.width, stream.width) && is_stored(frame.height, stream.height);
    let (across, down) = if is_whole { (across, down) } else { (0, 0) };
    Seen {
        at: seconds(frame.time.as_deref()).map_or(0.0, |at| at - zero),
        width: frame.width.saturating_sub(across),
        height: frame.height.saturating_sub(down),
        pixel: pixel_shape(frame.sample_aspect_ratio.as_deref())
            .or_else(|| pixel_shape(stream.sample_aspect_ratio.as_deref()))
            .unwrap_or((1, 1)),
    }
}

/// The matrix says more than the angle, where there is one.
fn turn(side_data: &[SideData]) -> Option<Turn> {
    let matrix = side_data.iter().find_map(|data| data.displaymatrix.as_deref()).and_then(|text| {
        let rows = text.lines().filter_map(|line| line.split_once(':'));
        let numbers: Vec<i64> =
            rows.flat_map(|(_, row)| row.split_whitespace()).filter_map(|n| n.parse().ok()).collect();
        let [a, b, _, c, d, ..] = numbers[..] else { return None };
        Some(Turn::of_matrix(a, b, c, d))
    });
    let angle = side_data.iter().find_map(|data| data.rotation);
    matrix.or(angle.map(Turn::of_angle))
}

/// `64:45` as numbers; `None` for nonsense.
fn pixel_shape(text: Option<&str>) -> Option<Pixel> {
    let (across, down) = text?.split_once(':')?;
    let (across, down) = (across.parse::<u32>().ok()?, down.parse::<u32>().ok()?);
    let is_sane = across > 0 && down > 0 && across / down < 8 && down / across < 8;
    is_sane.then_some((across, down))
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
