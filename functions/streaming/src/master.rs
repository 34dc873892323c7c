//! The packager's master playlist, cut to what plan and device allow and led to our own addresses (RFC 8216, 4.3.4).

use std::collections::BTreeSet;

use events::contracts::CaptionTrack;

use crate::{captions, rendition::Rendition};

const VARIANT: &str = "#EXT-X-STREAM-INF:";
const IFRAMES: &str = "#EXT-X-I-FRAME-STREAM-INF:";
const MEDIA: &str = "#EXT-X-MEDIA:";

/// What a master playlist offers below a height.
pub struct Master<'a> {
    lines: Vec<Line<'a>>,
    captions: &'a [CaptionTrack],
}

enum Line<'a> {
    /// Kept as it is.
    Plain(&'a str),
    /// A variant and its address on the line after.
    Variant { tag: &'a str, rendition: Rendition },
    /// A tag that carries its address.
    Tag { tag: &'a str, uri: &'a str, rendition: Rendition },
}

impl<'a> Master<'a> {
    /// Reads a master playlist and leaves out pictures with more lines than `max_height`; the lowest one stays whatever its height.
    /// Whatever leads to something that is no rendition is left out.
    pub fn capped(text: &'a str, max_height: u32) -> Self {
        let lowest = tags(text, VARIANT).filter_map(lines_of).min().unwrap_or(0);
        let most = max_height.max(lowest);
        let fits = |tag: &str| lines_of(tag).is_none_or(|lines| lines <= most);
        let kept = tags(text, VARIANT).filter(|tag| fits(tag));
        let groups: BTreeSet<&str> =
            kept.flat_map(|tag| ["AUDIO", "SUBTITLES"].map(|name| attribute(tag, name))).flatten().collect();
        let mut lines = Vec::new();
        let mut source = text.lines().filter(|line| !line.trim().is_empty());
        while let Some(line) = source.next() {
            if line.starts_with(VARIANT) {
                let rendition = source.next().and_then(Rendition::from_uri);
                if let Some(rendition) = rendition.filter(|_| fits(line)) {
                    lines.push(Line::Variant { tag: line, rendition });
                }
            } else if line.starts_with(IFRAMES) || line.starts_with(MEDIA) {
                let wanted = if line.starts_with(MEDIA) {
                    attribute(line, "GROUP-ID").is_some_and(|group| groups.contains(group))
                } else {
                    fits(line)
                };
                let uri = attribute(line, "URI").filter(|_| wanted);
                if let Some((uri, rendition)) = uri.and_then(|uri| Some((uri, Rendition::from_uri(uri)?))) {
                    lines.push(Line::Tag { tag: line, uri, rendition });
                }
            } else if line.starts_with('#') {
                lines.push(Line::Plain(line));
            }
        }
        Self { lines, captions: &[] }
    }

    /// With captions beside every variant: they belong to the title, and the packager's playlist, which never changes, knows nothing of them.
    #[must_use]
    pub fn with_captions(self, captions: &'a [CaptionTrack]) -> Self {
        Self { captions, ..self }
    }

    /// Whether a player may read this playlist.
    pub fn offers(&self, wanted: &Rendition) -> bool {
        self.lines.iter().any(|line| match line {
            Line::Plain(_) => false,
            Line::Variant { rendition, .. } | Line::Tag { rendition, .. } => rendition == wanted,
        })
    }

    /// The playlist with `address` in place of each rendition.
    pub fn write(&self, address: impl Fn(&Rendition) -> String) -> String {
        let mut text = String::new();
        let first = self.lines.iter().position(|line| matches!(line, Line::Variant { .. }));
        for (at, line) in self.lines.iter().enumerate() {
            if Some(at) == first {
                for track in self.captions {
                    let address = address(&captions::rendition(track));
                    text.push_str(&format!("{},URI=\"{address}\"\n", captions::tag(track)));
                }
            }
            match line {
                Line::Plain(line) => text.push_str(line),
                Line::Variant { tag, rendition } => {
                    text.push_str(tag);
                    if !self.captions.is_empty() {
                        text.push_str(&format!(",SUBTITLES=\"{}\"", captions::GROUP));
                    }
                    text.push('\n');
                    text.push_str(&address(rendition));
                }
                Line::Tag { tag, uri, rendition } => {
                    let own = format!("URI=\"{}\"", address(rendition));
                    text.push_str(&tag.replace(&format!("URI=\"{uri}\""), &own));
                }
            }
            text.push('\n');
        }
        text
    }
}

fn tags<'a>(text: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    text.lines().filter(move |line| line.starts_with(name))
}

/// The lines of the picture: the shorter side, so that an upright film counts like a lying one.
fn lines_of(tag: &str) -> Option<u32> {
    let (width, height) = attribute(tag, "RESOLUTION")?.split_once('x')?;
    Some(width.parse::<u32>().ok()?.min(height.parse().ok()?))
}

/// An attribute's value without its quotes.
pub fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = tag.split_once(':')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, next) = quoted.split_once('"')?;
                (value, next.strip_prefix(',').unwrap_or(next))
            }
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key == name {
            return Some(value);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"main\",NAME=\"English, a0low/index.m3u8\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"a0/index.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"low\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"1\",URI=\"a0low/index.m3u8\"\n\
        #EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS=\"avc1.640020,mp4a.40.2\",RESOLUTION=1280x720,AUDIO=\"main\",CLOSED-CAPTIONS=NONE\nv720/index.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=6000000,CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=1920x1080,AUDIO=\"main\",CLOSED-CAPTIONS=NONE\nv1080/index.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=200000,CODECS=\"avc1.64000d,mp4a.40.2\",RESOLUTION=426x240,AUDIO=\"low\",CLOSED-CAPTIONS=NONE\nv240/index.m3u8\n\
        #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=1920x1080,URI=\"v1080/iframes.m3u8\"\n\
        #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=20000,RESOLUTION=426x240,URI=\"v240/iframes.m3u8\"\n";

    fn offered(max_height: u32) -> Vec<&'static str> {
        let master = Master::capped(MASTER, max_height);
        let all = ["v1080", "v720", "v240", "v1080-iframes", "v240-iframes", "a0", "a0low", "v480"];
        all.into_iter().filter(|name| master.offers(&name.parse().unwrap())).collect()
    }

    #[test]
    fn pictures_above_the_cap_and_sound_that_nothing_uses_are_left_out() {
        assert_eq!(offered(2160), ["v1080", "v720", "v240", "v1080-iframes", "v240-iframes", "a0", "a0low"]);
        assert_eq!(offered(720), ["v720", "v240", "v240-iframes", "a0", "a0low"]);
        assert_eq!(offered(480), ["v240", "v240-iframes", "a0low"]);
        assert_eq!(offered(1), ["v240", "v240-iframes", "a0low"]);
    }

    #[test]
    fn only_addresses_change() {
        let text = Master::capped(MASTER, 4320).write(|rendition| format!("/own/{rendition}?token=t"));
        let expected = MASTER
            .replace("\nv1080/index.m3u8", "\n/own/v1080?token=t")
            .replace("\nv720/index.m3u8", "\n/own/v720?token=t")
            .replace("\nv240/index.m3u8", "\n/own/v240?token=t")
            .replace("URI=\"a0/index.m3u8\"", "URI=\"/own/a0?token=t\"")
            .replace("URI=\"a0low/index.m3u8\"", "URI=\"/own/a0low?token=t\"")
            .replace("v1080/iframes.m3u8", "/own/v1080-iframes?token=t")
            .replace("v240/iframes.m3u8", "/own/v240-iframes?token=t");
        assert_eq!(text, expected);
    }

    #[test]
    fn captions_are_added_and_nothing_else_changes() {
        use events::contracts::CaptionKind;
        let track = |language: &str, kind| CaptionTrack {
            language: language.to_owned(),
            kind,
            name: format!("{language} {kind}"),
            path: format!("captions/ttl_1/{language}{kind}/captions.vtt"),
        };
        let tracks = [track("en", CaptionKind::Captions), track("pt-BR", CaptionKind::Forced)];
        let address = |rendition: &Rendition| format!("/own/{rendition}?token=t");
        let plain = Master::capped(MASTER, 720).write(address);
        assert_eq!(Master::capped(MASTER, 720).with_captions(&[]).write(address), plain);
        let text = Master::capped(MASTER, 720).with_captions(&tracks).write(address);
        let (mut added, mut left) = (Vec::new(), String::new());
        for line in text.lines() {
            if attribute(line, "TYPE") == Some("SUBTITLES") {
                added.push(line);
            } else {
                left += &line.replace(",SUBTITLES=\"captions\"", "");
                left += "\n";
            }
        }
        assert_eq!(left, plain);
        assert_eq!(
            text.matches(",SUBTITLES=\"captions\"\n").count(),
            2,
            "on every variant, and on no still frames: {text}"
        );
        let seen: Vec<_> = added
            .iter()
            .map(|line| (attribute(line, "LANGUAGE"), attribute(line, "URI").unwrap().to_owned()))
            .collect();
        let expected =
            tracks.each_ref().map(|track| (Some(track.language.as_str()), address(&captions::rendition(track))));
        assert_eq!(seen, expected);
        let place = |needle: &str| text.find(needle).unwrap();
        assert!(place("TYPE=SUBTITLES") < place(VARIANT), "before what names them");
    }

    #[test]
    fn attributes_with_commas_are_whole() {
        let tag = "#EXT-X-STREAM-INF:CODECS=\"a,b\",RESOLUTION=1x2,LAST=3";
        assert_eq!(attribute(tag, "CODECS"), Some("a,b"));
        assert_eq!(attribute(tag, "RESOLUTION"), Some("1x2"));
        assert_eq!(attribute(tag, "LAST"), Some("3"));
        assert_eq!(attribute(tag, "CODEC"), None);
    }

    #[test]
    fn an_upright_film_is_capped_by_its_shorter_side() {
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=1080x1920\nv1080/index.m3u8\n#EXT-X-STREAM-INF:RESOLUTION=360x640\nv360/index.m3u8\n";
        assert!(Master::capped(text, 1080).offers(&"v1080".parse().unwrap()));
        assert!(!Master::capped(text, 720).offers(&"v1080".parse().unwrap()));
    }
}
