//! What ffprobe says about a source: its streams, its first pictures and the times of its packets.

use std::{collections::BTreeMap, ffi::OsString};

use serde::Deserialize;

use crate::tools::{
    container::Container, error::MediaError, ffmpeg::Tools, input::Input, limits::Limits, refusal::Refusal,
};

/// The answer to `-show_format -show_streams -show_programs`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Document {
    #[serde(default)]
    pub format: Format,
    #[serde(default)]
    pub streams: Vec<Stream>,
    /// Of a transport stream that carries several.
    #[serde(default)]
    pub programs: Vec<Program>,
}

/// The container's own statements.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Format {
    /// Seconds, as text.
    pub duration: Option<String>,
    /// Seconds, as text.
    pub start_time: Option<String>,
}

/// What belongs together in a transport stream.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Program {
    pub streams: Vec<Stream>,
}

/// One stream.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Stream {
    /// Position in the file.
    pub index: u32,
    /// `h264`, `aac`…
    pub codec_name: Option<String>,
    /// What the container calls the codec: `mp4a`, or `[0][0][0][0]`.
    pub codec_tag_string: Option<String>,
    /// `video`, `audio`, `subtitle`…
    pub codec_type: Option<String>,
    /// Coded width in pixels.
    pub width: Option<u32>,
    /// Coded height in pixels.
    pub height: Option<u32>,
    /// `num:den`.
    pub sample_aspect_ratio: Option<String>,
    /// `yuv420p`…
    pub pix_fmt: Option<String>,
    /// `progressive`, `tt`, `bb`, `tb`, `bt`.
    pub field_order: Option<String>,
    /// `bt709`, `smpte170m`, `bt2020nc`…
    pub color_space: Option<String>,
    pub color_primaries: Option<String>,
    /// `bt709`, `smpte2084`, `arib-std-b67`…
    pub color_transfer: Option<String>,
    /// Pictures that wait in the decoder for those shown before them.
    pub has_b_frames: Option<u64>,
    /// Lowest rate that can express all time stamps.
    pub r_frame_rate: Option<String>,
    /// Frames divided by duration.
    pub avg_frame_rate: Option<String>,
    /// Seconds, as text.
    pub duration: Option<String>,
    pub channels: Option<u32>,
    /// Hertz, as text.
    pub sample_rate: Option<String>,
    /// 1 where captions are hidden inside the pictures (CEA-608/708).
    pub closed_captions: Option<u32>,
    pub disposition: BTreeMap<String, i64>,
    pub tags: BTreeMap<String, String>,
    /// Rotation and others.
    pub side_data_list: Vec<SideData>,
}

impl Stream {
    /// Whether it has moving pictures.
    pub fn is_moving(&self) -> bool {
        let stills = ["attached_pic", "still_image", "timed_thumbnails"];
        self.codec_type.as_deref() == Some("video") && !stills.iter().any(|still| self.is_flagged(still))
    }

    /// Whether the container says so of it: `default`, `attached_pic`…
    pub fn is_flagged(&self, name: &str) -> bool {
        self.disposition.get(name).copied().unwrap_or(0) == 1
    }
}

/// Something attached to a stream, frame or packet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SideData {
    /// `Display Matrix`, `Encryption info`…
    pub side_data_type: String,
    /// Degrees, for a display matrix.
    pub rotation: Option<f64>,
    /// The display matrix, three numbers a line.
    pub displaymatrix: Option<String>,
    /// Of a Dolby Vision record: 5, 7, 8…
    pub dv_profile: Option<u32>,
    /// Of a Dolby Vision record: what a player without Dolby Vision may take the picture for; 0 for nothing.
    pub dv_bl_signal_compatibility_id: Option<u32>,
    /// Columns and rows that the container hides.
    pub crop_left: Option<u32>,
    pub crop_right: Option<u32>,
    pub crop_top: Option<u32>,
    pub crop_bottom: Option<u32>,
}

/// One decoded picture.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Frame {
    /// Seconds on the file's own clock, as text.
    #[serde(rename = "best_effort_timestamp_time")]
    pub time: Option<String>,
    /// 1 when the picture consists of two fields.
    pub interlaced_frame: u8,
    pub width: u32,
    pub height: u32,
    /// `num:den`.
    pub sample_aspect_ratio: Option<String>,
    /// Where the stream does not say.
    pub color_space: Option<String>,
    pub color_primaries: Option<String>,
    pub color_transfer: Option<String>,
    /// A rotation that only the pictures tell (a display orientation message).
    pub side_data_list: Vec<SideData>,
}

/// The time of one packet, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packet {
    pub stream: u32,
    /// Presentation time (decoding time where the container has no other).
    pub time: f64,
    /// How long it lasts; zero when unknown.
    pub duration: f64,
    pub is_key: bool,
}

/// Which packets to list.
#[derive(Clone, Copy, Debug)]
pub enum Span {
    /// The first so many seconds.
    First(u32),
    /// Everything from this second on.
    From(u64),
    All,
    /// Of one stream, everything.
    Stream(u32),
}

/// Asks for streams and format; an unreadable container is a refusal.
pub async fn document(tools: &Tools, input: &Input, container: Container) -> Result<Document, MediaError> {
    let mut arguments: Vec<OsString> =
        ["-show_format", "-show_streams", "-show_programs", "-of", "json"].into_iter().map(OsString::from).collect();
    arguments.extend(tools.open(input, container));
    match tools.run_ffprobe(&arguments, Some(input), Limits::PROBE).await {
        Ok(printed) => parse(&printed.stdout),
        Err(MediaError::Tool { detail, .. }) if !is_network(&detail) => Err(unreadable(&detail).into()),
        Err(other) => Err(other),
    }
}

/// Which pictures to decode.
#[derive(Clone, Debug)]
pub enum Look {
    /// Those of the first so many packets.
    First(u32),
    /// One at each of these seconds, or the last before it that can be decoded alone.
    At(Vec<f64>),
    /// All that can be decoded alone.
    Keys,
}

/// Decodes pictures of a stream. Empty when none could be decoded.
pub async fn frames(
    tools: &Tools,
    input: &Input,
    container: Container,
    stream: u32,
    look: Look,
) -> Result<Vec<Frame>, MediaError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        frames: Vec<Frame>,
    }
    const SHOWN: &str = "frame=best_effort_timestamp_time,interlaced_frame,width,height,sample_aspect_ratio,color_space,color_primaries,color_transfer:frame_side_data=side_data_type,rotation,displaymatrix";
    let mut arguments: Vec<OsString> =
        ["-select_streams", &stream.to_string(), "-show_entries", SHOWN, "-of", "json"].map(OsString::from).into();
    match look {
        Look::First(packets) => arguments.extend(["-read_intervals".into(), format!("%+#{packets}").into()]),
        Look::At(seconds) => {
            let places: Vec<String> = seconds.iter().map(|second| format!("{second:.3}%+0.2")).collect();
            arguments.extend(["-skip_frame".into(), "nokey".into(), "-read_intervals".into(), places.join(",").into()]);
        }
        Look::Keys => arguments.extend(["-skip_frame", "nokey"].map(OsString::from)),
    }
    arguments.extend(tools.open(input, container));
    match tools.run_ffprobe(&arguments, Some(input), Limits::PROBE).await {
        Ok(printed) => Ok(parse::<Answer>(&printed.stdout)?.frames),
        Err(MediaError::Tool { detail, .. }) if !is_network(&detail) => Ok(Vec::new()),
        Err(other) => Err(other),
    }
}

/// Whether the first packet of a stream carries encryption parameters.
pub async fn is_encrypted(tools: &Tools, input: &Input, container: Container, stream: u32) -> Result<bool, MediaError> {
    let mut arguments: Vec<OsString> =
        ["-select_streams", &stream.to_string(), "-read_intervals", "%+#1", "-show_packets", "-of", "json"]
            .map(OsString::from)
            .into();
    arguments.extend(tools.open(input, container));
    let printed = tools.run_ffprobe(&arguments, Some(input), Limits::PROBE).await?;
    Ok(String::from_utf8_lossy(&printed.stdout).contains("Encryption info"))
}

/// Lists packet times of all streams.
pub async fn packets(
    tools: &Tools,
    input: &Input,
    container: Container,
    span: Span,
) -> Result<Vec<Packet>, MediaError> {
    let mut arguments: Vec<OsString> = Vec::new();
    match span {
        Span::First(seconds) => arguments.extend(["-read_intervals".into(), format!("%+{seconds}").into()]),
        Span::From(second) => arguments.extend(["-read_intervals".into(), format!("{second}%").into()]),
        Span::All => {}
        Span::Stream(stream) => arguments.extend(["-select_streams".into(), stream.to_string().into()]),
    }
    let shown = "packet=stream_index,pts_time,dts_time,duration_time,flags";
    arguments.extend(["-show_entries", shown, "-of", "csv=p=0"].map(OsString::from));
    arguments.extend(tools.open(input, container));
    match tools.run_ffprobe(&arguments, Some(input), Limits::PROBE).await {
        Ok(printed) => Ok(String::from_utf8_lossy(&printed.stdout).lines().filter_map(packet).collect()),
        // A file that ends in the middle: whatever it says, it has no more packets.
        Err(MediaError::Tool { detail, .. }) if !is_network(&detail) => Ok(Vec::new()),
        Err(other) => Err(other),
    }
}

/// `stream,pts,dts,duration,flags`; a time that is not known reads `N/A`.
fn packet(line: &str) -> Option<Packet> {
    let fields: Vec<&str> = line.trim().split(',').collect();
    let [stream, presented, decoded, duration, flags, ..] = fields[..] else { return None };
    let number = |text: &str| text.parse::<f64>().ok();
    // The file itself says that nobody shall see it: an edit list cuts it off.
    if flags.contains('D') {
        return None;
    }
    Some(Packet {
        stream: stream.parse().ok()?,
        time: number(presented).or_else(|| number(decoded))?,
        duration: number(duration).unwrap_or(0.0),
        is_key: flags.starts_with('K'),
    })
}

fn parse<T: for<'a> Deserialize<'a>>(json: &[u8]) -> Result<T, MediaError> {
    serde_json::from_slice(json).map_err(|error| MediaError::unexpected(format!("ffprobe's answer: {error}")))
}

fn unreadable(detail: &str) -> Refusal {
    if detail.contains("moov atom not found") {
        return Refusal::Truncated { detail: "its index is missing".to_owned() };
    }
    if detail.contains("End of file") || detail.contains("EBML header parsing failed") {
        return Refusal::Truncated { detail: "it ends inside its header".to_owned() };
    }
    Refusal::Damaged { detail: "its structure cannot be read".to_owned() }
}

/// Errors of the way to the file, not of the file: worth another try.
pub(crate) fn is_network(detail: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "HTTP error",
        "Server returned",
        "Connection",
        "timed out",
        "unreachable",
        "Network",
        "Failed to resolve",
        "I/O error",
        "Input/output error",
        "certificate",
    ];
    SIGNS.iter().any(|sign| detail.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packet_lines_may_lack_times() {
        let parsed = packet("1,19.945941,19.9,0.023220,K__");
        assert_eq!(parsed, Some(Packet { stream: 1, time: 19.945941, duration: 0.02322, is_key: true }));
        let parsed = packet("0,N/A,1.0,N/A,___");
        assert_eq!(parsed, Some(Packet { stream: 0, time: 1.0, duration: 0.0, is_key: false }));
        assert_eq!(packet("0,N/A,N/A,0.1,K__"), None);
        assert_eq!(packet("0,-0.1,-0.1,0.1,KD_"), None, "hidden by an edit list");
        assert_eq!(packet(""), None);
    }

    #[test]
    fn reasons_are_told_apart() {
        assert!(matches!(unreadable("[mov] moov atom not found\nsource: Invalid data"), Refusal::Truncated { .. }));
        let damaged = unreadable("source: Invalid data found when processing input");
        assert_eq!(damaged, Refusal::Damaged { detail: "its structure cannot be read".into() }, "no tool's words");
        assert!(is_network("[https @ 0x1] HTTP error 403 Forbidden"));
    }
}
