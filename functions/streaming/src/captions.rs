//! Captions in the playlists of a session: an addition to what the packager wrote, as the title has them at that moment.
//!
//! A track is one WebVTT segment as long as the film: a film of two hours has 100 KB of text, and whoever switches it on gets all of it at once.

use std::fmt::Write as _;

use events::contracts::{CaptionKind, CaptionTrack};

use crate::rendition::Rendition;

/// The group that every variant names.
pub const GROUP: &str = "captions";
/// What tells captions for the hard of hearing from subtitles (HLS Authoring Specification for Apple Devices, 4.6).
const HARD_OF_HEARING: &str =
    "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound";

/// The name of a track's playlist in our addresses: 64 bits of its file's path, so that another file is another playlist.
pub fn rendition(track: &CaptionTrack) -> Rendition {
    Rendition::captions(&kernel::sha256(&track.path))
}

/// The track behind a name.
pub fn find<'a>(tracks: &'a [CaptionTrack], wanted: &Rendition) -> Option<&'a CaptionTrack> {
    tracks.iter().find(|track| rendition(track) == *wanted)
}

/// The tag that offers a track (RFC 8216, 4.3.4.1), without its address: off until somebody switches it on, but for what a device itself chooses
/// by the languages and needs of its owner.
pub fn tag(track: &CaptionTrack) -> String {
    let is_forced = if track.kind == CaptionKind::Forced { "YES" } else { "NO" };
    let mut tag = format!(
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"{GROUP}\",NAME=\"{}\",LANGUAGE=\"{}\",DEFAULT=NO,AUTOSELECT=YES,FORCED={is_forced}",
        quotable(&track.name),
        quotable(&track.language)
    );
    if track.kind == CaptionKind::Captions {
        let _ = write!(tag, ",CHARACTERISTICS=\"{HARD_OF_HEARING}\"");
    }
    tag
}

/// A quoted string holds no quotes and no line breaks (RFC 8216, 4.2).
fn quotable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).map(|letter| if letter == '"' { '\'' } else { letter }).collect()
}

/// Where a track's file lies: its folder below `/media/`, with the slash, and its name.
pub fn place(track: &CaptionTrack) -> Option<(&str, &str)> {
    track.path.rfind('/').map(|slash| track.path.split_at(slash + 1))
}

/// The media playlist of a track in a film of this length.
pub fn playlist(file: &str, duration_seconds: f64) -> String {
    let seconds = if duration_seconds.is_finite() { duration_seconds.max(0.001) } else { 0.001 };
    format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:{seconds:.6},\n{file}\n#EXT-X-ENDLIST\n",
        seconds.ceil()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master::attribute;

    pub fn track(language: &str, kind: CaptionKind, name: &str) -> CaptionTrack {
        let path = format!("captions/ttl_1/{language}{kind}/captions.vtt");
        CaptionTrack { language: language.to_owned(), kind, name: name.to_owned(), path }
    }

    #[test]
    fn each_kind_is_offered_as_what_it_is() {
        let of = |kind| tag(&track("ru", kind, "Русский"));
        assert_eq!(
            of(CaptionKind::Subtitles),
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"Русский\",LANGUAGE=\"ru\",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO"
        );
        assert_eq!(attribute(&of(CaptionKind::Forced), "FORCED"), Some("YES"));
        let hard_of_hearing = of(CaptionKind::Captions);
        assert_eq!(attribute(&hard_of_hearing, "CHARACTERISTICS"), Some(HARD_OF_HEARING));
        assert_eq!(attribute(&hard_of_hearing, "FORCED"), Some("NO"));
    }

    #[test]
    fn no_name_leaves_its_quotes() {
        let tag = tag(&track("en", CaptionKind::Subtitles, "a\",URI=\"http://h/\n#EXT"));
        assert_eq!(attribute(&tag, "NAME"), Some("a',URI='http://h/#EXT"));
        assert!(tag.lines().count() == 1 && attribute(&tag, "URI").is_none(), "{tag}");
    }

    #[test]
    fn names_are_those_of_files() {
        let tracks = [track("ru", CaptionKind::Subtitles, "a"), track("ru", CaptionKind::Forced, "b")];
        let names = tracks.each_ref().map(rendition);
        assert_ne!(names[0], names[1]);
        assert_eq!(find(&tracks, &names[1]), Some(&tracks[1]));
        assert_eq!(names[0].to_string().parse(), Ok(names[0].clone()), "{}", names[0]);
        assert_eq!(find(&tracks, &"v720".parse().unwrap()), None);
        assert_eq!(place(&tracks[0]), Some(("captions/ttl_1/rusubtitles/", "captions.vtt")));
    }

    #[test]
    fn a_segment_is_no_longer_than_the_target() {
        for seconds in [600.0, 12.52, 0.04, 0.0, f64::NAN] {
            let text = playlist("captions.vtt", seconds);
            let value = |name: &str| {
                text.lines()
                    .find_map(|line| line.strip_prefix(name))
                    .unwrap()
                    .trim_end_matches(',')
                    .parse::<f64>()
                    .unwrap()
            };
            let (target, length) = (value("#EXT-X-TARGETDURATION:"), value("#EXTINF:"));
            assert!(length > 0.0 && length.round() <= target && target >= 1.0, "{text}");
        }
    }
}
