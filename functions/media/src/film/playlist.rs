//! HLS playlists: written from ledger rows alone, with bandwidths counted from real bytes.

use std::fmt::Write as _;

use crate::film::ledger::{SegmentRow, TrackRow};
use crate::recipe::plan::Plan;
use crate::recipe::sound::Sound;

/// Content type of a playlist.
pub const PLAYLIST_TYPE: &str = "application/vnd.apple.mpegurl";
const HEADER: &str = "#EXTM3U\n#EXT-X-VERSION:7\n";
/// A player that knows nothing yet starts with the largest rung below this.
const FIRST_KBPS: u32 = 2000;

/// The bit rates of a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// The largest over any stretch of 0.5 to 1.5 target durations (RFC 8216, 4.1), in bit/s.
    pub peak: u64,
    /// Over everything, in bit/s.
    pub average: u64,
}

/// Counts bit rates from (seconds, bytes) of consecutive segments.
pub fn bandwidth(parts: &[(f64, u64)], target: f64) -> Bandwidth {
    let rate = |bytes: u64, seconds: f64| if seconds > 0.0 { (bytes as f64 * 8.0 / seconds).ceil() as u64 } else { 0 };
    let (seconds, bytes) = parts.iter().fold((0.0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    let average = rate(bytes, seconds);
    let mut peak = if seconds < 0.5 * target { average } else { 0 };
    for start in 0..parts.len() {
        let (mut seconds, mut bytes) = (0.0, 0);
        for part in &parts[start..] {
            seconds += part.0;
            bytes += part.1;
            if seconds > 1.5 * target {
                break;
            }
            if seconds >= 0.5 * target {
                peak = peak.max(rate(bytes, seconds));
            }
        }
    }
    Bandwidth { peak: peak.max(average), average }
}

/// Bit rates of a rendition's segments.
pub fn track_bandwidth(track: &TrackRow, target: u64) -> Bandwidth {
    let parts: Vec<(f64, u64)> =
        track.segments.iter().map(|segment| (seconds(track, segment.ticks), segment.file.bytes)).collect();
    bandwidth(&parts, target as f64)
}

/// Bit rates of a rendition's IDR pictures.
pub fn idr_bandwidth(track: &TrackRow, target: u64) -> Bandwidth {
    let groups = track.segments.iter().flat_map(|segment| &segment.groups);
    let parts: Vec<(f64, u64)> = groups.map(|group| (seconds(track, group.ticks), group.idr_bytes)).collect();
    bandwidth(&parts, target as f64)
}

/// The one target duration of all renditions: the longest segment, rounded.
pub fn target_duration<'a>(tracks: impl IntoIterator<Item = &'a TrackRow>) -> u64 {
    let longest =
        tracks.into_iter().flat_map(|track| track.segments.iter().map(move |segment| seconds(track, segment.ticks)));
    longest.fold(1.0, f64::max).round() as u64
}

/// A rendition's media playlist; addresses are relative to its own folder.
pub fn media(track: &TrackRow, target: u64) -> String {
    let mut text = head(track, target, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    for segment in &track.segments {
        let _ = writeln!(text, "#EXTINF:{:.6},\n{}", seconds(track, segment.ticks), local(track, &segment.file.key));
    }
    text + "#EXT-X-ENDLIST\n"
}

/// A rendition's I-frame playlist: byte ranges from a moof to the end of its IDR picture.
pub fn idrs(track: &TrackRow, target: u64) -> String {
    let mut text = head(track, target, "#EXT-X-I-FRAMES-ONLY\n");
    for segment in &track.segments {
        for group in &segment.groups {
            let _ = writeln!(
                text,
                "#EXTINF:{:.6},\n#EXT-X-BYTERANGE:{}@{}\n{}",
                seconds(track, group.ticks),
                group.idr_bytes,
                group.offset,
                local(track, &segment.file.key)
            );
        }
    }
    text + "#EXT-X-ENDLIST\n"
}

fn head(track: &TrackRow, target: u64, kind: &str) -> String {
    let first = track.segments.first().map_or(0, |segment: &SegmentRow| segment.number);
    format!(
        "{HEADER}#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-PLAYLIST-TYPE:VOD\n{kind}#EXT-X-MAP:URI=\"{}\"\n",
        local(track, &track.init.key)
    )
}

/// The master playlist over all rungs and sounds.
pub fn master(plan: &Plan, video: &[TrackRow], sound: &[(&Sound, &TrackRow)], target: u64) -> String {
    let mut text = format!("{HEADER}#EXT-X-INDEPENDENT-SEGMENTS\n");
    for (sound, track) in sound {
        let yes = |is: bool| if is { "YES" } else { "NO" };
        let language =
            if sound.language == "und" { String::new() } else { format!(",LANGUAGE=\"{}\"", sound.language) };
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{}\",NAME=\"{}\"{language},DEFAULT={},AUTOSELECT=YES,CHANNELS=\"{}\",URI=\"{}/index.m3u8\"",
            group(sound.is_low),
            sound.label,
            yes(sound.is_default),
            sound.channels,
            track.rendition
        );
    }
    let (num, den) = plan.rate.parts();
    let frame_rate = f64::from(num) / f64::from(den);
    let mut rungs: Vec<_> = plan.rungs.iter().zip(video).collect();
    let first = rungs.iter().position(|(rung, _)| rung.max_kbps <= FIRST_KBPS).unwrap_or(0);
    rungs[..=first].rotate_right(1);
    for (rung, track) in &rungs {
        let own = track_bandwidth(track, target);
        let with: Vec<_> = sound.iter().filter(|(sound, _)| sound.is_low == rung.is_lowest).collect();
        let loudest = with.iter().map(|(_, track)| track_bandwidth(track, target));
        let (peak, average) = loudest.fold((0, 0), |most, sound| (most.0.max(sound.peak), most.1.max(sound.average)));
        let mut codecs = track.codec.clone();
        if let Some((_, sound)) = with.first() {
            let _ = write!(codecs, ",{}", sound.codec);
        }
        let audio = if with.is_empty() { String::new() } else { format!(",AUDIO=\"{}\"", group(rung.is_lowest)) };
        let _ = writeln!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{codecs}\",RESOLUTION={}x{},FRAME-RATE={frame_rate:.3},VIDEO-RANGE=SDR{audio},CLOSED-CAPTIONS=NONE\n{}/index.m3u8",
            own.peak + peak,
            own.average + average,
            track.width,
            track.height,
            track.rendition
        );
    }
    for track in video {
        let own = idr_bandwidth(track, target);
        let _ = writeln!(
            text,
            "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{}\",RESOLUTION={}x{},VIDEO-RANGE=SDR,URI=\"{}/iframes.m3u8\"",
            own.peak, own.average, track.codec, track.width, track.height, track.rendition
        );
    }
    text
}

/// Renditions for the lowest rung are a group of their own.
fn group(is_low: bool) -> &'static str {
    if is_low { "low" } else { "main" }
}

pub(crate) fn seconds(track: &TrackRow, ticks: u64) -> f64 {
    ticks as f64 / f64::from(track.timescale)
}

/// A key without the rendition's folder.
pub(crate) fn local<'a>(track: &TrackRow, key: &'a str) -> &'a str {
    key.strip_prefix(track.rendition.as_str()).and_then(|rest| rest.strip_prefix('/')).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_parts_do_not_count_alone() {
        let parts = [(6.0, 6000), (6.0, 12_000), (0.1, 5000)];
        let counted = bandwidth(&parts, 6.0);
        assert_eq!(counted.average, 15_207);
        // The last tenth of a second counts with the six seconds before it.
        assert_eq!(counted.peak, 22_296);
        assert_eq!(bandwidth(&[(0.04, 500)], 6.0), Bandwidth { peak: 100_000, average: 100_000 });
        assert_eq!(bandwidth(&[], 6.0), Bandwidth { peak: 0, average: 0 });
    }

    proptest! {
        #[test]
        fn peak_is_never_below_average(parts in proptest::collection::vec((0.02f64..6.5, 1u64..9_000_000), 1..60)) {
            let counted = bandwidth(&parts, 6.0);
            prop_assert!(counted.peak >= counted.average);
            for (seconds, bytes) in parts.iter().filter(|(seconds, _)| *seconds >= 3.0) {
                prop_assert!(counted.peak as f64 + 1.0 >= *bytes as f64 * 8.0 / seconds);
            }
        }
    }
}
