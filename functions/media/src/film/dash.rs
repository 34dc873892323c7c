//! The DASH manifest over the same segments: one list per rendition with an exact timeline.

use std::fmt::Write as _;

use crate::film::ledger::TrackRow;
use crate::film::playlist::{local, track_bandwidth};
use crate::recipe::plan::Plan;
use crate::recipe::sound::Sound;

/// Content type of a manifest.
pub const MANIFEST_TYPE: &str = "application/dash+xml";

/// Writes the manifest. Addresses are relative to the asset's folder.
pub fn manifest(plan: &Plan, video: &[TrackRow], sound: &[(&Sound, &TrackRow)], target: u64) -> String {
    let seconds = video.first().map_or(0.0, TrackRow::seconds);
    let (num, den) = plan.rate.parts();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-main:2011\" type=\"static\" mediaPresentationDuration=\"PT{seconds:.6}S\" minBufferTime=\"PT{target}S\">\n <Period id=\"0\" start=\"PT0S\">"
    );
    text.push_str("  <AdaptationSet id=\"0\" contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\">\n");
    for track in video {
        let bandwidth = track_bandwidth(track, target).peak;
        let _ = writeln!(
            text,
            "   <Representation id=\"{}\" bandwidth=\"{bandwidth}\" codecs=\"{}\" width=\"{}\" height=\"{}\" frameRate=\"{num}/{den}\" sar=\"1:1\">",
            track.rendition, track.codec, track.width, track.height
        );
        list(&mut text, track);
    }
    text.push_str("  </AdaptationSet>\n");
    let (mut id, mut tracks) = (1, sound.iter().filter(|(sound, _)| !sound.is_low));
    for (main, track) in &mut tracks {
        let role = if main.is_default { "main" } else { "alternate" };
        let _ = writeln!(
            text,
            "  <AdaptationSet id=\"{id}\" contentType=\"audio\" mimeType=\"audio/mp4\" lang=\"{}\" segmentAlignment=\"true\" startWithSAP=\"1\">\n   <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"{role}\"/>\n   <Label>{}</Label>",
            main.language,
            escaped(&main.label)
        );
        representation(&mut text, main, track, target);
        // The small sound of the same track.
        if let Some((low, track)) = sound.iter().find(|(low, _)| low.is_low && low.stream == main.stream) {
            representation(&mut text, low, track, target);
        }
        text.push_str("  </AdaptationSet>\n");
        id += 1;
    }
    text + " </Period>\n</MPD>\n"
}

fn representation(text: &mut String, sound: &Sound, track: &TrackRow, target: u64) {
    let bandwidth = track_bandwidth(track, target).peak;
    let _ = writeln!(
        text,
        "   <Representation id=\"{}\" bandwidth=\"{bandwidth}\" codecs=\"{}\" audioSamplingRate=\"{}\">\n    <AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"{}\"/>",
        track.rendition, track.codec, track.timescale, sound.channels
    );
    list(text, track);
}

/// The segments of one rendition; equal durations in a row are one line.
fn list(text: &mut String, track: &TrackRow) {
    let _ = writeln!(
        text,
        "    <BaseURL>{}/</BaseURL>\n    <SegmentList timescale=\"{}\">\n     <Initialization sourceURL=\"{}\"/>\n     <SegmentTimeline>",
        track.rendition,
        track.timescale,
        local(track, &track.init.key)
    );
    let mut rest = &track.segments[..];
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|segment| segment.ticks == first.ticks).count();
        let repeated = if same > 1 { format!(" r=\"{}\"", same - 1) } else { String::new() };
        let _ = writeln!(text, "      <S t=\"{}\" d=\"{}\"{repeated}/>", first.tfdt, first.ticks);
        rest = &rest[same..];
    }
    text.push_str("     </SegmentTimeline>\n");
    for segment in &track.segments {
        let _ = writeln!(text, "     <SegmentURL media=\"{}\"/>", local(track, &segment.file.key));
    }
    text.push_str("    </SegmentList>\n   </Representation>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
