//! The grid, the names and the repeatability of plans.

use proptest::prelude::*;

use super::*;
use crate::recipe::source::{AudioTrack, Video};

fn source(frames: u64, rate: Rate) -> Source {
    Source {
        container: Container::Mov,
        needs_remux: false,
        clock_restarts_seconds: None,
        held_from: None,
        seconds: rate.seconds(frames),
        origin_seconds: 0.0,
        rate,
        is_variable: false,
        frames,
        video: Video {
            stream: 0,
            codec: "h264".into(),
            width: 1280,
            height: 720,
            turn: Turn::None,
            canvas: None,
            colour: Colour::default(),
            is_partly_interlaced: false,
            pauses: Vec::new(),
            reordered: 0,
            is_interlaced: false,
            bits: 8,
            is_hdr: false,
            has_closed_captions: false,
            preroll_seconds: 1.0,
            key_gap_seconds: 5.0,
        },
        audio: vec![track(1, "en", None), track(2, "en", None), track(3, "ru", Some("Комментарий \"режиссёра\""))],
        captions: Vec::new(),
        notes: Vec::new(),
    }
}

fn track(stream: u32, language: &str, title: Option<&str>) -> AudioTrack {
    AudioTrack {
        stream,
        codec: "aac".into(),
        channels: 6,
        language: language.into(),
        title: title.map(str::to_owned),
        is_default: stream == 2,
        is_first_channel: false,
        jitter_seconds: 0.0,
    }
}

fn order() -> PlanOptions {
    PlanOptions { source_version: "v1".into(), encoder: "n8".into(), chunk_gops: CHUNK_GOPS }
}

fn plan(frames: u64) -> Plan {
    Plan::new(&source(frames, Rate::new(24, 1)), &order())
}

#[test]
fn the_grid_of_a_film() {
    let film = plan(24 * 150);
    assert_eq!((film.gop, film.segment, film.chunk, film.chunks()), (48, 144, 1440, 3));
    let last = film.chunk(2).unwrap();
    assert_eq!((last.first, last.frames, last.first_segment), (2880, None, 20));
    assert_eq!(film.chunk(3), None);
}

#[test]
fn a_short_rest_joins_the_chunk_before() {
    assert_eq!(plan(1440 + 144).chunks(), 1);
    assert_eq!(plan(1440 + 145).chunks(), 2);
    assert_eq!(plan(1).chunks(), 1);
}

#[test]
fn names_depend_on_everything_that_changes_bytes() {
    let (film, chunk) = (plan(5000), plan(5000).chunk(1).unwrap());
    assert_eq!(plan(5000).chunk(1).unwrap().hash, chunk.hash);
    assert_eq!(plan(5010).chunk(1).unwrap().hash, chunk.hash, "another end does not change the middle");
    let mut threads = film.clone();
    threads.rungs[0].threads += 1;
    let mut encoder = film.clone();
    encoder.encoder.push('x');
    let mut version = film.clone();
    version.source_version.push('x');
    let mut light = film.clone();
    light.picture.map_light = true;
    for other in [threads, encoder, version, light] {
        assert_ne!(other.chunk(1).unwrap().hash, chunk.hash);
    }
    assert_ne!(film.chunk(0).unwrap().hash, chunk.hash);
}

#[test]
fn every_track_is_heard_twice() {
    let film = plan(5000);
    let heard: Vec<_> =
        film.audio.iter().map(|sound| (sound.name.as_str(), sound.label.as_str(), sound.is_default)).collect();
    assert_eq!(
        heard,
        [
            ("a0", "English", false),
            ("a1", "English 2", true),
            ("a2", "Комментарий  режиссёра ", false),
            ("a0low", "English", false),
            ("a1low", "English 2", true),
            ("a2low", "Комментарий  режиссёра ", false),
        ]
    );
}

#[test]
fn seek_pictures_stay_inside_the_picture() {
    let sheet = plan(24 * 600).sprites;
    assert_eq!((sheet.count, sheet.columns, sheet.rows, sheet.width, sheet.height), (60, 10, 6, 160, 90));
    assert_eq!(plan(1).sprites.count, 1);
    assert_eq!((sheet.poster_width, sheet.poster_height), (1280, 720));
}

proptest! {
    #[test]
    fn chunks_cover_every_frame_once(frames in 1u64..2_000_000, rate in 0usize..8, gops in 1u64..60) {
        let order = PlanOptions { chunk_gops: gops, ..order() };
        let film = Plan::new(&source(frames, Rate::ACCEPTED[rate]), &order);
        prop_assert_eq!(film.chunk % film.segment, 0);
        prop_assert_eq!(film.segment % film.gop, 0);
        let mut next = 0;
        for index in 0..film.chunks() {
            let chunk = film.chunk(index).unwrap();
            prop_assert_eq!(chunk.first, next);
            prop_assert_eq!(chunk.first_segment * film.segment, chunk.first);
            prop_assert_eq!(chunk.frames.is_none(), index + 1 == film.chunks());
            next += chunk.frames.unwrap_or(frames - chunk.first);
        }
        prop_assert_eq!(next, frames);
        let last = film.chunk(film.chunks() - 1).unwrap();
        prop_assert!(frames - last.first <= film.chunk + film.segment);
        let stored = serde_json::to_string(&film).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Plan>(&stored).unwrap(), &film);
    }
}
