//! The probe: looks at a source and decides what it is.

use std::{collections::BTreeMap, ffi::OsString, time::Duration};

use crate::{
    recipe::{
        decision::{HEAD_SECONDS, Reading, decide, picture_stream, rate_of, seconds},
        sound,
        source::Source,
        timing::Timing,
        tracks::{self, Heard},
    },
    tools::{
        container::Container,
        error::MediaError,
        ffmpeg::Tools,
        ffprobe::{self, Document, Frame, Look, Packet, Span},
        input::Input,
        limits::Limits,
        refusal::Refusal,
    },
};

/// A file whose packets end this much before it says so is read once more, the picture alone.
const ENDS_EARLY_SECONDS: f64 = 0.2;
/// So much of the end of a long film is read.
const TAIL_SECONDS: u64 = 20;
/// The counted rate of a film of constant rate is that of its beginning.
const RATE_TOLERANCE: f64 = 0.01;
/// The first picture is among so many packets; where it is not, among so many more: a recording may begin anywhere, and an
/// edit list may hide the first seconds.
const FIRST_PACKETS: [u32; 2] = [12, 900];
/// Size, shape and fields are looked at in so many places, evenly over the film.
const PLACES: u32 = 24;
/// Of each track so many frames are decoded: about a second.
const HEARD_FRAMES: &str = "48";
/// What has no frame after so long may have one later.
const LONGEST_HEARING: Duration = Duration::from_secs(20);

/// Looks at the object of `size` bytes that begins with `head` (see [`crate::tools::container::HEAD_BYTES`]).
pub async fn look_at(tools: &Tools, input: &Input, size: u64, head: &[u8]) -> Result<Source, MediaError> {
    let container = Container::sniff(size, head)?;
    let document = ffprobe::document(tools, input, container).await?;
    picture_stream(&document, &[]).ok_or(Refusal::NoVideo)?;
    let mut reading = read(tools, input, container, &document).await?;
    let picture = picture_stream(&document, &reading.packets).ok_or(Refusal::NoVideo)?;
    let stream = picture.index;
    if container != Container::MpegTs && ffprobe::is_encrypted(tools, input, container, stream).await? {
        return Err(Refusal::Encrypted.into());
    }
    let frames = look_around(tools, input, container, stream, &document, &reading.packets).await?;
    for track in tracks::candidates(&document) {
        reading.heard.insert(track, listen(tools, input, container, track).await?);
    }
    Ok(decide(container, &document, &frames, &reading)?)
}

/// The first pictures, and others from all over the film. Empty when none could be decoded.
async fn look_around(
    tools: &Tools,
    input: &Input,
    container: Container,
    stream: u32,
    document: &Document,
    packets: &[Packet],
) -> Result<Vec<Frame>, MediaError> {
    let mut frames = Vec::new();
    for count in FIRST_PACKETS {
        if frames.is_empty() {
            frames = ffprobe::frames(tools, input, container, stream, Look::First(count)).await?;
        }
    }
    let Some(timing) = Timing::of(packets, stream).filter(|timing| !frames.is_empty() && timing.end > timing.first)
    else {
        return Ok(frames);
    };
    // What will be remuxed is looked at once more, where it can be seeked in.
    if !container.can_seek() {
        return Ok(frames);
    }
    let is_indexed = seconds(document.format.duration.as_deref()).is_some_and(|length| length > 0.0);
    let look = if is_indexed {
        let step = (timing.end - timing.first) / f64::from(PLACES);
        Look::At((1..PLACES).map(|place| timing.first + f64::from(place) * step).collect())
    } else {
        Look::Keys
    };
    let around = ffprobe::frames(tools, input, container, stream, look).await?;
    let shape = |frame: &Frame| (frame.width, frame.height, frame.sample_aspect_ratio.clone());
    let changes = around.iter().chain(&frames).any(|frame| shape(frame) != shape(&frames[0]));
    if changes && is_indexed {
        // Something changes: now the place matters.
        frames.extend(ffprobe::frames(tools, input, container, stream, Look::Keys).await?);
    } else {
        frames.extend(around);
    }
    Ok(frames)
}

/// Tries to decode the beginning of a track.
async fn listen(tools: &Tools, input: &Input, container: Container, track: u32) -> Result<Heard, MediaError> {
    for (heard, first_channel) in [(Heard::Whole, false), (Heard::FirstChannel, true)] {
        let layout = sound::layout(2, first_channel);
        let mut arguments = tools.open(input, container);
        let stream = format!("0:{track}");
        arguments.extend(["-map", &stream, "-frames:a", HEARD_FRAMES, "-af", &layout].map(OsString::from));
        arguments.extend(["-c:a", "pcm_s16le", "-f", "s16le", "-"].map(OsString::from));
        let limits = Limits { wall: LONGEST_HEARING, ..Limits::PROBE };
        match tools.run_ffmpeg(&arguments, Some(input), limits).await {
            Ok(printed) if !printed.stdout.is_empty() => return Ok(heard),
            Err(MediaError::TimeUp { .. }) => return Ok(heard),
            Ok(_) => {}
            Err(MediaError::Tool { detail, .. }) if !ffprobe::is_network(&detail) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(Heard::Nothing)
}

/// Beginning and end of a long film of constant rate; all of any other. Matroska has no frame count that would betray a pause.
async fn read(tools: &Tools, input: &Input, container: Container, document: &Document) -> Result<Reading, MediaError> {
    let heard = BTreeMap::new();
    let declared = seconds(document.format.duration.as_deref()).unwrap_or(0.0);
    let is_long = declared > f64::from(HEAD_SECONDS) + TAIL_SECONDS as f64;
    if is_long && matches!(container, Container::Mov | Container::Avi) {
        let mut packets = ffprobe::packets(tools, input, container, Span::First(HEAD_SECONDS)).await?;
        let stream = picture_stream(document, &packets).ok_or(Refusal::NoVideo)?;
        let tail = ffprobe::packets(tools, input, container, Span::From(declared as u64 - TAIL_SECONDS)).await?;
        let is_constant = Timing::of(&packets, stream.index).is_some_and(|timing| {
            let counted = rate_of(&stream.avg_frame_rate).unwrap_or(0.0);
            !timing.is_variable() && (counted * timing.usual_gap - 1.0).abs() < RATE_TOLERANCE
        });
        if is_constant && tail.iter().any(|packet| packet.stream == stream.index) {
            packets.extend(tail);
            return Ok(Reading { packets, is_whole: false, heard });
        }
    }
    let mut packets = ffprobe::packets(tools, input, container, Span::All).await?;
    let last = packets.iter().map(|packet| packet.time + packet.duration).fold(0.0, f64::max);
    if last + ENDS_EARLY_SECONDS < declared {
        // Of a file that is cut off, one stream may end before another.
        let stream = picture_stream(document, &packets).ok_or(Refusal::NoVideo)?.index;
        let alone = ffprobe::packets(tools, input, container, Span::Stream(stream)).await?;
        packets.retain(|packet| packet.stream != stream);
        packets.extend(alone);
    }
    Ok(Reading { packets, is_whole: true, heard })
}
