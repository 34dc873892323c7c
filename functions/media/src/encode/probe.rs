//! The probe: looks at a source and decides what it is.

use crate::{
    recipe::{
        decision::{HEAD_SECONDS, Reading, decide, picture_stream, rate_of, seconds},
        source::Source,
        timing::Timing,
    },
    tools::{
        container::Container,
        error::MediaError,
        ffmpeg::Tools,
        ffprobe::{self, Document, Span, Stream},
        input::Input,
        refusal::Refusal,
    },
};

/// So much of the end of a long film is read.
const TAIL_SECONDS: u64 = 20;
/// The counted rate of a film of constant rate is that of its beginning.
const RATE_TOLERANCE: f64 = 0.01;

/// Looks at the object of `size` bytes that begins with `head` (see [`crate::tools::container::HEAD_BYTES`]).
pub async fn look_at(tools: &Tools, input: &Input, size: u64, head: &[u8]) -> Result<Source, MediaError> {
    let container = Container::sniff(size, head)?;
    let document = ffprobe::document(tools, input, container).await?;
    let picture = picture_stream(&document).ok_or(Refusal::NoVideo)?;
    let stream = picture.index;
    let reading = read(tools, input, container, &document, picture).await?;
    if container != Container::MpegTs && ffprobe::is_encrypted(tools, input, container, stream).await? {
        return Err(Refusal::Encrypted.into());
    }
    let frames = ffprobe::first_frames(tools, input, container, stream).await?;
    Ok(decide(container, &document, &frames, &reading)?)
}

/// Beginning and end of a long film of constant rate; all of any other. Matroska has no frame count that would betray a pause.
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
        let is_constant = Timing::of(&packets, stream.index).is_some_and(|timing| {
            let counted = rate_of(&stream.avg_frame_rate).unwrap_or(0.0);
            !timing.is_variable() && (counted * timing.usual_gap - 1.0).abs() < RATE_TOLERANCE
        });
        if is_constant && tail.iter().any(|packet| packet.stream == stream.index) {
            packets.extend(tail);
            return Ok(Reading { packets, is_whole: false });
        }
    }
    Ok(Reading { packets: ffprobe::packets(tools, input, container, Span::All).await?, is_whole: true })
}
