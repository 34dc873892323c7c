//! Verdicts on sources, from recorded answers of ffprobe.

use super::*;

fn document(stream: &str) -> Document {
    let json = format!(
        r#"{{"format": {{"duration": "10.0", "start_time": "0.0"}}, "streams": [{{"index": 0, "codec_type": "video",
        "codec_name": "h264", "width": 1280, "height": 720, "avg_frame_rate": "24/1", "r_frame_rate": "24/1",
        "pix_fmt": "yuv420p" {stream}}}]}}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn even(seconds: f64, rate: f64) -> Vec<Packet> {
    (0..(seconds * rate).round() as u32)
        .map(|n| Packet { stream: 0, time: f64::from(n) / rate, duration: 1.0 / rate, is_key: n % 48 == 0 })
        .collect()
}

fn frame() -> Vec<Frame> {
    vec![Frame { width: 1280, height: 720, ..Frame::default() }]
}

fn whole(packets: Vec<Packet>) -> Reading {
    Reading { packets, is_whole: true, heard: BTreeMap::new() }
}

fn accepted(document: &Document) -> Source {
    decide(Container::Mov, document, &frame(), &whole(even(10.0, 24.0))).unwrap()
}

#[test]
fn a_plain_film() {
    let source = accepted(&document(""));
    assert_eq!((source.frames, source.rate.to_string().as_str()), (240, "24/1"));
    assert_eq!((source.video.width, source.video.height), (1280, 720));
    assert!(!source.is_variable && !source.video.is_interlaced && !source.video.is_hdr);
    assert!(source.audio.is_empty() && source.notes.is_empty());
}

#[test]
fn frames_keep_their_place_when_sound_begins_first() {
    let mut film = document("");
    film.format.start_time = Some("-0.021333".to_owned());
    let source = accepted(&film);
    assert!((source.origin_seconds - 0.021333).abs() < 1e-9);
    assert_eq!(source.frames, 240);
    assert!(origin(0.041, Rate::new(24, 1)) < 0.001, "a whole frame on a millisecond clock");
    assert!((origin(0.55, Rate::new(24, 1)) - 0.008333).abs() < 1e-5);
    assert_eq!(origin(-0.5, Rate::new(24, 1)), 0.0);
}

#[test]
fn a_phone_held_upright() {
    let turned = accepted(&document(r#", "side_data_list": [{"side_data_type": "Display Matrix", "rotation": -90}]"#));
    assert_eq!((turned.video.width, turned.video.height, turned.video.turn), (720, 1280, Turn::Clockwise));
}

#[test]
fn pixels_that_are_not_square() {
    let wide = accepted(&document(r#", "sample_aspect_ratio": "4:3""#));
    assert_eq!((wide.video.width, wide.video.height), (1707, 720));
    let nonsense = accepted(&document(r#", "sample_aspect_ratio": "0:1""#));
    assert_eq!(nonsense.video.width, 1280);
}

#[test]
fn fields_bits_and_light() {
    let source = accepted(&document(r#", "field_order": "tt", "color_transfer": "arib-std-b67""#));
    assert!(source.video.is_interlaced && source.video.is_hdr);
    assert_eq!(bits("yuv420p10le"), 10);
    assert_eq!(bits("p010le"), 10);
    assert_eq!(bits("yuv422p12le"), 12);
    assert_eq!(bits("yuv410p"), 8);
}

#[test]
fn refusals() {
    let plain = document("");
    let refused = |document: &Document, frames: &[Frame], packets: &[Packet]| {
        decide(Container::Mov, document, frames, &whole(packets.to_vec())).unwrap_err().code()
    };
    assert_eq!(refused(&plain, &frame(), &even(6.0, 24.0)), "truncated");
    assert_eq!(refused(&plain, &frame(), &[]), "truncated");
    assert_eq!(refused(&plain, &[], &even(10.0, 24.0)), "undecodable");
    assert_eq!(refused(&document(r#", "disposition": {"attached_pic": 1}"#), &frame(), &even(10.0, 24.0)), "no_video");
    let mut endless = document("");
    endless.format.duration = Some("28801.0".to_owned());
    let ends = [even(60.0, 24.0), vec![Packet { stream: 0, time: 28_800.9, duration: 0.1, is_key: false }]].concat();
    assert_eq!(refused(&endless, &frame(), &ends), "too_long");
    let mut still = document("");
    still.format.duration = None;
    let once = [Packet { stream: 0, time: 0.0, duration: 0.0, is_key: true }];
    assert_eq!(refused(&still, &frame(), &once), "zero_duration");
    let speck = [Frame { width: 8, height: 720, ..Frame::default() }];
    assert_eq!(refused(&plain, &speck, &even(10.0, 24.0)), "picture_size");
}

#[test]
fn a_long_film_is_judged_by_both_ends() {
    let mut long = document("");
    long.format.duration = Some("7200.0".to_owned());
    let mut packets = even(60.0, 24.0);
    packets.extend(even(20.0, 24.0).into_iter().map(|packet| Packet { time: packet.time + 7180.0, ..packet }));
    let source =
        decide(Container::Mov, &long, &frame(), &Reading { packets, is_whole: false, heard: BTreeMap::new() }).unwrap();
    assert!(!source.is_variable, "the part that was not read is no pause");
    assert_eq!(source.frames, 172_800);
    assert!(source.video.preroll_seconds < 2.0 && source.video.key_gap_seconds < 3.0);
}

#[test]
fn a_phone_that_drops_frames() {
    let mut stream = document("");
    stream.streams[0].avg_frame_rate = Some("327/20".to_owned());
    stream.streams[0].r_frame_rate = Some("30/1".to_owned());
    let packets: Vec<Packet> =
        even(10.0, 30.0).into_iter().filter(|packet| !(3.0..5.5).contains(&packet.time)).collect();
    let source = decide(Container::Mov, &stream, &frame(), &whole(packets)).unwrap();
    assert!(source.is_variable);
    assert_eq!(source.rate.to_string(), "30/1");
    assert!(source.video.preroll_seconds > 3.5, "decoding starts before the pause");
}

#[test]
fn sound_and_captions() {
    let mut film = document("");
    let more = r#"[{"index": 1, "codec_type": "audio", "codec_name": "aac", "channels": 2, "tags": {"language": "eng"},
        "disposition": {"default": 1}}, {"index": 2, "codec_type": "audio", "channels": 6, "tags": {"language": "rus"}},
        {"index": 3, "codec_type": "audio", "codec_name": "ac3", "channels": 6, "tags": {"language": "rus", "title": "5.1"}},
        {"index": 4, "codec_type": "subtitle", "codec_name": "subrip", "tags": {"language": "ger"}},
        {"index": 5, "codec_type": "subtitle", "codec_name": "hdmv_pgs_subtitle"}]"#;
    film.streams.extend(serde_json::from_str::<Vec<Stream>>(more).unwrap());
    let source = accepted(&film);
    let tracks: Vec<_> = source.audio.iter().map(|track| (track.stream, track.language.as_str())).collect();
    assert_eq!(tracks, [(1, "en"), (3, "ru")]);
    assert_eq!(source.notes.len(), 1);
    let captions: Vec<_> = source.captions.iter().map(|track| (track.language.as_str(), track.is_text)).collect();
    assert_eq!(captions, [("de", true), ("und", false)]);
}

#[test]
fn a_track_that_cannot_be_heard_is_left_out_and_the_last_one_refuses_the_film() {
    let mut film = document("");
    let more = r#"[{"index": 1, "codec_type": "audio", "codec_name": "atrac9", "channels": 2},
        {"index": 2, "codec_type": "audio", "codec_name": "aac", "channels": 4}]"#;
    film.streams.extend(serde_json::from_str::<Vec<Stream>>(more).unwrap());
    let heard = |first, second| {
        let heard = BTreeMap::from([(1, first), (2, second)]);
        decide(Container::Mov, &film, &frame(), &Reading { heard, ..whole(even(10.0, 24.0)) })
    };
    let source = heard(Heard::Nothing, Heard::FirstChannel).unwrap();
    assert_eq!(
        source.audio.iter().map(|track| (track.stream, track.is_first_channel)).collect::<Vec<_>>(),
        [(2, true)]
    );
    assert!(source.notes[0].contains("atrac9") && source.notes[1].contains("first channel"), "{:?}", source.notes);
    assert_eq!(heard(Heard::Nothing, Heard::Nothing).unwrap_err().code(), "undecodable");
    film.streams.remove(1);
    let heard = BTreeMap::from([(2, Heard::Nothing)]);
    let refused = decide(Container::Mov, &film, &frame(), &Reading { heard, ..whole(even(10.0, 24.0)) }).unwrap_err();
    assert_eq!(refused.code(), "damaged");
}

#[test]
fn the_film_is_as_long_as_its_sound_and_the_fullest_stream_is_the_film() {
    let mut film = document("");
    let more = r#"[{"index": 1, "codec_type": "audio", "codec_name": "aac", "channels": 2}]"#;
    film.streams.extend(serde_json::from_str::<Vec<Stream>>(more).unwrap());
    film.format.duration = Some("25.0".to_owned());
    let mut packets = even(10.0, 24.0);
    packets.push(Packet { stream: 1, time: 24.98, duration: 0.02, is_key: true });
    let source = decide(Container::Mov, &film, &frame(), &whole(packets.clone())).unwrap();
    assert_eq!((source.frames, source.held_from), (600, Some(240)));
    let last = source.video.pauses.last().unwrap();
    assert!(last.from_ms < 10_000 && last.to_ms > 25_000, "{last:?}");
    let mut poster = film.streams[0].clone();
    poster.index = 2;
    poster.disposition.insert("default".to_owned(), 1);
    film.streams.insert(0, poster);
    packets.push(Packet { stream: 2, time: 0.0, duration: 0.04, is_key: true });
    assert_eq!(picture_stream(&film, &packets).map(|stream| stream.index), Some(0));
}

#[test]
fn pictures_that_come_too_fast_are_counted() {
    let notes = |packets: Vec<Packet>| decide(Container::Mov, &document(""), &frame(), &whole(packets)).unwrap().notes;
    let say = |text: &str| vec![format!("{text}, and they come faster")];
    assert!(notes(even(10.0, 24.0)).is_empty());
    assert!(notes(even(10.0, 24_000.0 / 1001.0)).is_empty());
    // A clock of milliseconds.
    let rounded =
        even(10.0, 24.0).into_iter().map(|packet| Packet { time: (packet.time * 1000.0).round() / 1000.0, ..packet });
    assert!(notes(rounded.collect()).is_empty());
    let mut doubled = even(10.0, 24.0);
    for at in (10..230).step_by(24) {
        doubled[at].time = doubled[at - 1].time;
    }
    assert_eq!(notes(doubled), say("10 of 240 pictures are not shown: the film has 24 a second"));
}
