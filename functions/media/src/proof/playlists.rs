//! Checks of playlists, line by line.

use std::collections::BTreeMap;

use crate::{
    film::{
        Film,
        ledger::TrackRow,
        package::{MANIFEST, MASTER},
        playlist::{self, Bandwidth},
        violation::{Check, Violation},
    },
    recipe::plan::Plan,
};

/// The worst six seconds of the smallest variant, sound included, in bit/s.
pub const LOWEST_VARIANT_BITS: u64 = 192_000;
/// Declared and counted bit rates may differ by this share.
const BANDWIDTH_SHARE: f64 = 0.10;

/// Checks playlists as they were read back, by key, against the film.
pub fn check(plan: &Plan, film: &Film, pages: &BTreeMap<String, String>) -> Vec<Violation> {
    let mut wrong = Vec::new();
    let target = playlist::target_duration(film.tracks());
    for track in film.tracks() {
        media(track, target, pages, &mut wrong);
    }
    for track in &film.video {
        idrs(track, pages, &mut wrong);
    }
    master(plan, film, target, pages, &mut wrong);
    if !pages.contains_key(MANIFEST) {
        wrong.push(Violation::new(Check::Playlist, MANIFEST, "is missing"));
    }
    wrong
}

fn page<'a>(key: &str, pages: &'a BTreeMap<String, String>, wrong: &mut Vec<Violation>) -> Option<&'a str> {
    let text = pages.get(key).map(String::as_str);
    if text.is_none() {
        wrong.push(Violation::new(Check::Playlist, key, "is missing"));
    }
    text
}

fn demand(key: &str, text: &str, lines: &[String], wrong: &mut Vec<Violation>) {
    for line in lines.iter().filter(|line| !text.lines().any(|found| found == line.as_str())) {
        wrong.push(Violation::new(Check::Playlist, key, format!("lacks {line}")));
    }
}

fn media(track: &TrackRow, target: u64, pages: &BTreeMap<String, String>, wrong: &mut Vec<Violation>) {
    let key = format!("{}/index.m3u8", track.rendition);
    let Some(text) = page(&key, pages, wrong) else { return };
    let map = format!("#EXT-X-MAP:URI=\"{}\"", playlist::local(track, &track.init.key));
    let lines =
        ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-ENDLIST"];
    let mut lines: Vec<String> = lines.map(String::from).into();
    lines.extend([format!("#EXT-X-TARGETDURATION:{target}"), map]);
    demand(&key, text, &lines, wrong);
    let (lengths, addresses) = listed(text);
    let expected: Vec<&str> = track.segments.iter().map(|segment| playlist::local(track, &segment.file.key)).collect();
    if addresses != expected {
        wrong.push(Violation::new(Check::Playlist, &key, "does not list the segments of the ledger"));
    }
    let sum: f64 = lengths.iter().sum();
    if (sum - track.seconds()).abs() > 1e-6 * (lengths.len() as f64 + 1.0) {
        wrong.push(Violation::new(Check::Length, &key, format!("EXTINF adds up to {sum:.6} s")));
    }
    if lengths.iter().any(|length| length.round() as u64 > target) {
        wrong.push(Violation::new(Check::Playlist, &key, "a segment is longer than the target duration"));
    }
}

fn idrs(track: &TrackRow, pages: &BTreeMap<String, String>, wrong: &mut Vec<Violation>) {
    let key = format!("{}/iframes.m3u8", track.rendition);
    let Some(text) = page(&key, pages, wrong) else { return };
    demand(&key, text, &["#EXT-X-I-FRAMES-ONLY".to_owned(), "#EXT-X-ENDLIST".to_owned()], wrong);
    let ranges: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#EXT-X-BYTERANGE:")).collect();
    let groups = track.segments.iter().flat_map(|segment| &segment.groups);
    let expected: Vec<String> = groups.map(|group| format!("{}@{}", group.idr_bytes, group.offset)).collect();
    if ranges != expected {
        wrong.push(Violation::new(Check::Playlist, &key, "byte ranges are not those of the IDR pictures"));
    }
}

/// EXTINF lengths and addresses in order.
fn listed(text: &str) -> (Vec<f64>, Vec<&str>) {
    let lengths = text.lines().filter_map(|line| line.strip_prefix("#EXTINF:")?.split(',').next()?.parse().ok());
    (lengths.collect(), text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect())
}

fn master(plan: &Plan, film: &Film, target: u64, pages: &BTreeMap<String, String>, wrong: &mut Vec<Violation>) {
    let Some(text) = page(MASTER, pages, wrong) else { return };
    let demanded = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"].map(String::from);
    demand(MASTER, text, &demanded, wrong);
    let lines: Vec<&str> = text.lines().collect();
    let variants: BTreeMap<&str, BTreeMap<&str, &str>> = lines
        .windows(2)
        .filter_map(|pair| Some((pair[1], attributes(pair[0].strip_prefix("#EXT-X-STREAM-INF:")?))))
        .collect();
    let mut smallest = u64::MAX;
    for (rung, track) in plan.rungs.iter().zip(&film.video) {
        let address = format!("{}/index.m3u8", rung.name);
        let Some(variant) = variants.get(address.as_str()) else {
            wrong.push(Violation::new(Check::Playlist, MASTER, format!("lacks the variant {}", rung.name)));
            continue;
        };
        let mut counted = playlist::track_bandwidth(track, target);
        let with = film.sounds(plan).into_iter().filter(|(sound, _)| sound.is_low == rung.is_lowest);
        let loudest = with.map(|(_, track)| playlist::track_bandwidth(track, target));
        let sound = loudest.fold(Bandwidth { peak: 0, average: 0 }, |most, one| Bandwidth {
            peak: most.peak.max(one.peak),
            average: most.average.max(one.average),
        });
        counted = Bandwidth { peak: counted.peak + sound.peak, average: counted.average + sound.average };
        for (name, real) in [("BANDWIDTH", counted.peak), ("AVERAGE-BANDWIDTH", counted.average)] {
            let declared = variant.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            if (declared as f64 - real as f64).abs() > BANDWIDTH_SHARE * real as f64 {
                let what = format!("{} declares {name}={declared}, counted are {real}", rung.name);
                wrong.push(Violation::new(Check::Bandwidth, MASTER, what));
            }
        }
        smallest = smallest.min(counted.peak);
        let resolution = format!("{}x{}", track.width, track.height);
        let frame_rate = format!("{:.3}", plan.rate.per_second());
        let mut demanded =
            vec![("RESOLUTION", resolution.as_str()), ("FRAME-RATE", &frame_rate), ("CLOSED-CAPTIONS", "NONE")];
        if !plan.audio.is_empty() {
            demanded.push(("AUDIO", if rung.is_lowest { "low" } else { "main" }));
        }
        for (name, value) in demanded.iter().filter(|(name, value)| variant.get(name) != Some(value)) {
            wrong.push(Violation::new(Check::Playlist, MASTER, format!("{}: {name} is not {value}", rung.name)));
        }
        if !variant.get("CODECS").is_some_and(|codecs| codecs.starts_with(&track.codec)) {
            wrong.push(Violation::new(Check::Playlist, MASTER, format!("{}: wrong CODECS", rung.name)));
        }
    }
    // A film shorter than half a segment has no bit rate to speak of: it is loaded at once.
    let has_rate = 2 * film.frames >= plan.segment;
    if smallest > LOWEST_VARIANT_BITS && has_rate {
        let what = format!("the smallest variant needs {smallest} bit/s");
        wrong.push(Violation::new(Check::LowVariant, MASTER, what));
    }
    let media = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
    if media("#EXT-X-I-FRAME-STREAM-INF:") != film.video.len() || media("#EXT-X-MEDIA:TYPE=AUDIO") != film.sound.len() {
        wrong.push(Violation::new(Check::Playlist, MASTER, "lacks I-frame playlists or audio renditions"));
    }
}

/// `A=1,B="x,y"` as a map; quotes are dropped.
fn attributes(text: &str) -> BTreeMap<&str, &str> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, next) = quoted.split_once('"').unwrap_or((quoted, ""));
                (value, next.strip_prefix(',').unwrap_or(next))
            }
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.insert(name.trim_start_matches(','), value);
        rest = next;
    }
    found
}
