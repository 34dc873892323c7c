//! Films in which something changes, ends early or is odd: nothing is lost without a word.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test support")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use media::{
    film::ledger::TrackRow,
    proof::sounds,
    recipe::shape::Turn,
    tools::{error::MediaError, input::Input, refusal::Refusal},
};

use crate::recipe::{BARCODE, H264, Made, generate, make, numbered, probe, tools_folder};

const TONE: [&str; 4] = ["-f", "lavfi", "-i", "sine=f=440:r=48000:d=4"];

/// Numbered frames `from` to `to` at 25 per second, scaled to `size`.
fn part(folder: &Path, name: &str, (from, to): (u32, u32), size: &str, encoding: &[&str]) -> PathBuf {
    let picture = format!(
        "testsrc2=s=320x180:r=25:d=8,{BARCODE},trim=start_frame={from}:end_frame={to},setpts=PTS-STARTPTS,scale={size}:flags=neighbor"
    );
    generate(folder, name, &[&["-f", "lavfi", "-i", &picture], encoding].concat())
}

fn joined(folder: &Path, name: &str, parts: &[PathBuf]) -> PathBuf {
    let path = folder.join(name);
    let bytes: Vec<u8> = parts.iter().flat_map(|part| std::fs::read(part).unwrap()).collect();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// IVF files one after the other, as one stream of VP8.
fn joined_ivf(folder: &Path, parts: &[PathBuf]) -> PathBuf {
    let mut whole = Vec::new();
    let mut count = 0u32;
    for part in parts {
        let bytes = std::fs::read(part).unwrap();
        if whole.is_empty() {
            whole.extend(&bytes[..32]);
        }
        let mut at = 32;
        while at < bytes.len() {
            let size = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            whole.extend(&bytes[at..at + 4]);
            whole.extend(u64::from(count).to_le_bytes());
            whole.extend(&bytes[at + 12..at + 12 + size]);
            at += 12 + size;
            count += 1;
        }
    }
    whole[24..28].copy_from_slice(&count.to_le_bytes());
    let path = folder.join("whole.ivf");
    std::fs::write(&path, whole).unwrap();
    path
}

/// Raw pixels of one frame of a rendition.
fn pixels(made: &Made, track: &TrackRow, frame: u64, format: &str) -> Vec<u8> {
    let chosen = format!("select='eq(n,{frame})'");
    let output = Command::new(tools_folder().join("ffmpeg"))
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(made.joined(track))
        .args(["-vf", &chosen, "-frames:v", "1", "-pix_fmt", format, "-f", "rawvideo", "-"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn loudest(samples: &[i16], from: f64, to: f64) -> u16 {
    let at = |seconds: f64| ((seconds * 48_000.0) as usize).min(samples.len());
    samples[at(from)..at(to)].iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
}

fn has_note(made: &Made, words: &str) -> bool {
    made.source.notes.iter().any(|note| note.contains(words))
}

#[tokio::test]
async fn a_call_whose_picture_changes_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let vp8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-f", "ivf"];
    let part = |name, frames, size| part(folder.path(), name, frames, size, &vp8);
    let parts = [part("a", (0, 60), "320:180"), part("b", (60, 110), "160:90"), part("c", (110, 175), "640:360")];
    let whole = joined_ivf(folder.path(), &parts);
    let call = ["-i", whole.to_str().unwrap(), "-c", "copy", "-live", "1", "-f", "webm"];
    let made = make(&generate(folder.path(), "call.webm", &call), 3).await;
    assert_eq!((made.film.video[0].width, made.film.video[0].height), (640, 360));
    made.assert_numbered();
    assert!(has_note(&made, "changes its size"), "{:?}", made.source.notes);
}

#[tokio::test]
async fn television_whose_pixels_change_their_shape() {
    let folder = tempfile::tempdir().unwrap();
    let white = |name: &str, seconds: &str, shape: &str| {
        let picture = format!("color=white:s=360x288:r=25:d={seconds},setsar={shape}");
        let mpeg2 = ["-c:v", "mpeg2video", "-g", "12", "-bf", "0", "-q:v", "3", "-f", "mpeg2video"];
        generate(folder.path(), name, &[&["-f", "lavfi", "-i", &picture], &mpeg2[..]].concat())
    };
    let whole = joined(folder.path(), "s.m2v", &[white("a.m2v", "2", "16/15"), white("b.m2v", "3", "64/45")]);
    let stream = ["-framerate", "25", "-fflags", "+genpts", "-f", "mpegvideo", "-i", whole.to_str().unwrap()];
    let path = generate(folder.path(), "film.ts", &[&stream[..], &["-c", "copy", "-f", "mpegts"]].concat());
    let made = make(&path, 3).await;
    let track = &made.film.video[0];
    assert_eq!((track.width, track.height), (512, 288), "the shape of most of it");
    let column = |frame: u64, x: usize| pixels(&made, track, frame, "gray")[144 * 512 + x];
    for frame in [0, 20, 48] {
        // 4:3 inside 16:9: an eighth of the width is black on each side.
        assert!(column(frame, 20) < 40 && column(frame, 490) < 40, "frame {frame} is stretched");
        assert!(column(frame, 90) > 200 && column(frame, 256) > 200, "frame {frame}");
    }
    for frame in [51, 80, 120] {
        assert!(column(frame, 2) > 200 && column(frame, 509) > 200, "frame {frame} has borders");
    }
    assert!(has_note(&made, "changes its shape"), "{:?}", made.source.notes);
}

#[tokio::test]
async fn sound_that_changes_its_channels() {
    let folder = tempfile::tempdir().unwrap();
    let sound = |name: &str, layout: &str| {
        let tone = format!("sine=f=440:r=48000:d=3,aformat=channel_layouts={layout}");
        generate(folder.path(), name, &["-f", "lavfi", "-i", &tone, "-c:a", "ac3", "-b:a", "384k"])
    };
    let whole =
        joined(folder.path(), "s.ac3", &[sound("a.ac3", "stereo"), sound("b.ac3", "5.1"), sound("c.ac3", "mono")]);
    let picture = format!("testsrc2=s=320x180:r=25:d=9,{BARCODE}");
    let inputs = ["-f", "lavfi", "-i", &picture, "-i", whole.to_str().unwrap(), "-map", "0", "-map", "1"];
    for name in ["film.ts", "film.mkv"] {
        let copied = [&inputs[..], &H264[..8], &["-c:a", "copy"]].concat();
        let made = make(&generate(folder.path(), name, &copied), 3).await;
        made.assert_numbered();
        for track in &made.film.sound {
            let samples = made.samples(track);
            assert!((track.seconds() - 9.0).abs() < 0.06, "{name}: {}", track.seconds());
            for second in 0..9 {
                let (from, to) = (f64::from(second) + 0.1, f64::from(second) + 0.9);
                assert!(loudest(&samples, from, to) > 500, "{name}, {}: silent in second {second}", track.rendition);
            }
        }
    }
}

#[tokio::test]
async fn sound_goes_on_after_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let numbered = format!("testsrc2=s=320x180:r=25:d=2,{BARCODE}");
    let long = ["-f", "lavfi", "-i", &numbered, "-f", "lavfi", "-i", "sine=f=440:r=48000:d=15"];
    for name in ["film.mp4", "film.mkv"] {
        let made = make(&generate(folder.path(), name, &[&long[..], H264].concat()), 3).await;
        assert!(made.film.frames.abs_diff(375) <= 1, "{name}: {}", made.film.frames);
        for track in &made.film.video {
            let shown: Vec<u64> = (0..made.film.frames).map(|frame| frame.min(49)).collect();
            assert_eq!(made.numbers(track), shown, "{name}, {}", track.rendition);
        }
        assert!(loudest(&made.samples(&made.film.sound[0]), 14.0, 14.9) > 1000);
        assert!(has_note(&made, "13.0 s before the sound"), "{:?}", made.source.notes);
    }
}

#[tokio::test]
async fn a_still_with_sound_and_a_poster_in_front() {
    let folder = tempfile::tempdir().unwrap();
    let still = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=0.04", "-f", "lavfi", "-i", "sine=f=440:d=8"];
    for name in ["still.mp4", "still.mkv"] {
        let made = make(&generate(folder.path(), name, &[&still[..], H264].concat()), 3).await;
        assert!((made.plan.seconds() - 8.0).abs() < 0.1, "{name}: {}", made.plan.seconds());
        assert!(loudest(&made.samples(&made.film.sound[0]), 7.0, 7.9) > 1000, "{name}");
    }
    let film = numbered(folder.path(), "plain.mkv", "25", 2, H264);
    let poster = ["-f", "lavfi", "-i", "testsrc2=s=200x300:r=25", "-frames:v", "1"];
    let poster = generate(folder.path(), "poster.jpg", &poster);
    let both = ["-i", poster.to_str().unwrap(), "-i", film.to_str().unwrap(), "-map", "0:v", "-map", "1", "-c", "copy"];
    let marked = ["-disposition:v:0", "default", "-disposition:v:1", "default"];
    let made = make(&generate(folder.path(), "both.mkv", &[&both[..], &marked].concat()), 3).await;
    assert_eq!((made.source.video.stream, made.film.frames), (1, 50));
    made.assert_numbered();
}

/// Six flat colours side by side.
const COLOURS: [[u8; 3]; 6] = [[191, 0, 0], [0, 191, 0], [0, 0, 191], [191, 191, 0], [40, 40, 40], [220, 220, 220]];

#[tokio::test]
async fn colours_are_right_on_every_rung() {
    let folder = tempfile::tempdir().unwrap();
    let plane = |channel: usize| {
        let terms =
            COLOURS.iter().enumerate().map(|(index, colour)| format!("{}*eq(floor(X*6/W),{index})", colour[channel]));
        terms.collect::<Vec<_>>().join("+")
    };
    let bars = |size: &str| {
        format!("nullsrc=s={size}:r=25:d=0.4,format=gbrp,geq=r='{}':g='{}':b='{}'", plane(0), plane(1), plane(2))
    };
    let matrix = |name: &str, range: &str, tags: &str| {
        format!(",scale=out_color_matrix={name}:out_range={range},format=yuv444p,setparams={tags}")
    };
    let tagged = "color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv";
    let untagged = "color_primaries=unknown:color_trc=unknown:colorspace=unknown:range=unknown";
    let full = "color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=pc";
    let cases = [
        ("rgb.mkv", "640x360", ",format=bgr0".to_owned()),
        ("rgb-large.mkv", "1280x720", String::new()),
        ("tagged.mkv", "640x360", matrix("bt709", "tv", tagged)),
        ("full.mkv", "640x360", matrix("bt709", "pc", full)),
        ("untagged-small.mkv", "640x360", matrix("bt601", "tv", untagged)),
        ("untagged-large.mkv", "1280x720", matrix("bt709", "tv", untagged)),
    ];
    for (name, size, conversion) in cases {
        let picture = bars(size) + &conversion;
        let path = generate(folder.path(), name, &["-f", "lavfi", "-i", &picture, "-c:v", "ffv1"]);
        let made = make(&path, 3).await;
        for track in &made.film.video {
            let rgb = pixels(&made, track, 2, "rgb24");
            let (width, height) = (track.width as usize, track.height as usize);
            for (index, expected) in COLOURS.iter().enumerate() {
                let at = 3 * (height / 2 * width + (2 * index + 1) * width / 12);
                let found = &rgb[at..at + 3];
                let off = found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                assert!(off <= 6, "{name}, {}: {found:?} instead of {expected:?}", track.rendition);
            }
        }
    }
}

#[tokio::test]
async fn an_untagged_picture_is_found_by_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let made = make(&numbered(folder.path(), "film.mp4", "25", 1, H264), 3).await;
    let track = &made.film.video[0];
    let mut init = made.object(&track.init.key);
    let colr = init.windows(4).position(|bytes| bytes == b"colr").unwrap();
    init[colr..colr + 4].copy_from_slice(b"free");
    let (_, wrong) = media::proof::checks::init(track, &init);
    assert!(wrong.iter().any(|violation| violation.check == media::film::violation::Check::Colour), "{wrong:?}");
}

#[tokio::test]
async fn fields_that_begin_later_are_woven() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str, picture: &str, options: &[&str]| {
        let mpeg2 = ["-c:v", "mpeg2video", "-g", "12", "-bf", "0", "-q:v", "3", "-f", "mpegts"];
        generate(folder.path(), name, &[&["-f", "lavfi", "-i", picture], &mpeg2[..], options].concat())
    };
    let parts = [
        part("a.ts", "color=c=black:s=352x288:r=25:d=2", &[]),
        part(
            "b.ts",
            "testsrc2=s=352x288:r=50:d=3,scroll=horizontal=0.02,interlace=scan=tff",
            &["-flags", "+ilme+ildct", "-output_ts_offset", "2"],
        ),
    ];
    let made = make(&joined(folder.path(), "film.ts", &parts), 3).await;
    assert!(made.source.video.is_interlaced && made.plan.picture.only_marked_fields);
    assert!(made.film.frames.abs_diff(125) <= 1, "{}", made.film.frames);
}

#[tokio::test]
async fn a_clock_that_begins_again_is_one_film() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str| {
        let picture = format!("testsrc2=s=320x180:r=25:d=3,{BARCODE}");
        let sound = ["-f", "lavfi", "-i", "sine=f=440:r=48000:d=3"];
        let encoding =
            ["-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "0", "-c:a", "mp2", "-f", "mpegts"];
        generate(folder.path(), name, &[&["-f", "lavfi", "-i", &picture], &sound[..], &encoding[..]].concat())
    };
    let made = make(&joined(folder.path(), "film.ts", &[part("a.ts"), part("b.ts")]), 3).await;
    let shown: Vec<u64> = (0..75).chain(0..75).collect();
    let found = made.numbers(&made.film.video[0]);
    assert!(found.len().abs_diff(150) <= 1, "{} frames", found.len());
    let wrong = found.iter().zip(&shown).filter(|(a, b)| a.abs_diff(**b) > 1).count();
    assert_eq!(wrong, 0, "{found:?}");
    let samples = made.samples(&made.film.sound[0]);
    for second in 0..6 {
        assert!(loudest(&samples, f64::from(second) + 0.1, f64::from(second) + 0.9) > 1000, "second {second}");
    }
}

#[tokio::test]
async fn a_picture_that_is_mirrored() {
    let folder = tempfile::tempdir().unwrap();
    let plain = numbered(folder.path(), "plain.mp4", "25", 1, H264);
    let mirrored = ["-display_hflip", "-i", plain.to_str().unwrap(), "-c", "copy"];
    let made = make(&generate(folder.path(), "film.mp4", &mirrored), 3).await;
    assert_eq!(made.source.video.turn, Turn::Mirror);
    let row = |path: &Made| pixels(path, &path.film.video[0], 24, "gray")[10 * 320..11 * 320].to_vec();
    let (mut mirror, plain) = (row(&made), row(&make(&plain, 3).await));
    mirror.reverse();
    let off = mirror.iter().zip(&plain).filter(|(a, b)| a.abs_diff(**b) > 40).count();
    assert!(off < 32, "{off} of 320 pixels differ");
}

#[tokio::test]
async fn sound_that_few_containers_take() {
    let folder = tempfile::tempdir().unwrap();
    let picture = format!("testsrc2=s=320x180:r=25:d=4,{BARCODE}");
    let input = [&["-f", "lavfi", "-i", &picture], &TONE[..], &H264[..8]].concat();
    let latm = ["-c:a", "aac", "-mpegts_flags", "+latm", "-f", "mpegts"];
    let s302m = ["-ac", "2", "-c:a", "s302m", "-strict", "experimental", "-f", "mpegts"];
    for (name, sound) in [("latm.ts", &latm[..]), ("s302m.ts", &s302m)] {
        let made = make(&generate(folder.path(), name, &[&input[..], sound].concat()), 3).await;
        made.assert_numbered();
        assert!(loudest(&made.samples(&made.film.sound[0]), 3.0, 3.9) > 1000, "{name}");
    }
    let four = ["-filter:a", "pan=4c|c0=c0|c1=c0|c2=c0|c3=c0", "-c:a", "libopus", "-mapping_family", "255"];
    let path = generate(folder.path(), "ambisonic.mkv", &[&input[..], &four].concat());
    let mut bytes = std::fs::read(&path).unwrap();
    let head = bytes.windows(8).position(|bytes| bytes == b"OpusHead").unwrap();
    bytes[head + 18] = 2;
    std::fs::write(&path, bytes).unwrap();
    let made = make(&path, 3).await;
    assert!(loudest(&made.samples(&made.film.sound[0]), 3.0, 3.9) > 500);
    assert!(has_note(&made, "only the first channel"), "{:?}", made.source.notes);
}

#[tokio::test]
async fn a_track_without_a_decoder_is_left_out_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let tracks = ["-map", "0", "-map", "1", "-map", "1", "-c:a", "aac"];
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4"];
    let path = generate(folder.path(), "film.mov", &[&picture[..], &TONE, &tracks, &H264[..8]].concat());
    let mut bytes = std::fs::read(&path).unwrap();
    // The sample entry of the last track, and what its extension repeats, get a name that no decoder knows.
    let last = bytes.windows(4).rposition(|bytes| bytes == b"stsd").unwrap();
    let names: [(&[u8; 4], &[u8; 4]); 3] = [(b"mp4a", b"apac"), (b"wave", b"free"), (b"esds", b"dapa")];
    for at in last..last + 300 {
        if let Some((_, hidden)) = names.iter().find(|(name, _)| &bytes[at..at + 4] == *name) {
            bytes[at..at + 4].copy_from_slice(*hidden);
        }
    }
    std::fs::write(&path, &bytes).unwrap();
    let source = probe(&path).await.unwrap();
    assert_eq!(source.audio.len(), 1);
    assert!(source.notes.iter().any(|note| note.contains("left out")), "{:?}", source.notes);
}

#[tokio::test]
async fn films_that_begin_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let long = numbered(folder.path(), "long.mp4", "25", 6, &[H264, &["-g", "125"]].concat());
    let trimmed = ["-ss", "2.6", "-i", long.to_str().unwrap(), "-c", "copy"];
    let made = make(&generate(folder.path(), "trim.mp4", &trimmed), 3).await;
    let shown = made.numbers(&made.film.video[0]);
    assert!(shown.windows(2).all(|pair| pair[1] == pair[0] + 1) && shown[0].abs_diff(65) <= 1, "{shown:?}");
    let stream = numbered(folder.path(), "whole.ts", "25", 3, &[H264, &["-g", "25"]].concat());
    let cut = folder.path().join("cut.ts");
    std::fs::write(&cut, &std::fs::read(stream).unwrap()[101..]).unwrap();
    let made = make(&cut, 3).await;
    assert!(made.film.frames >= 70, "{}", made.film.frames);
}

#[tokio::test]
async fn slides_and_a_screen_that_stands_still() {
    let folder = tempfile::tempdir().unwrap();
    let slides = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=1/7:d=28"];
    let made = make(&generate(folder.path(), "slides.mp4", &[&slides[..], &H264[..8]].concat()), 3).await;
    assert!((made.plan.seconds() - 28.0).abs() < 0.1, "{}", made.plan.seconds());
    let picture = format!("testsrc2=s=320x180:r=25:d=150,{BARCODE},select='lt(n,50)+gte(n,3675)'");
    let screen = ["-f", "lavfi", "-i", &picture, "-fps_mode", "vfr"];
    let path = generate(folder.path(), "screen.mkv", &[&screen[..], &H264[..8]].concat());
    let made = make(&path, 30).await;
    let shown: Vec<u64> = (0..3750).map(|frame| if (50..3675).contains(&frame) { 49 } else { frame }).collect();
    let found = made.numbers(&made.film.video[0]);
    let wrong: Vec<usize> = (0..found.len()).filter(|&n| found[n].abs_diff(shown[n]) > 1).collect();
    assert!(found.len() == 3750 && wrong.is_empty(), "{} frames, wrong: {wrong:?}", found.len());
}

#[tokio::test]
async fn containers_that_do_not_say_when() {
    let folder = tempfile::tempdir().unwrap();
    let avi = numbered(folder.path(), "film.avi", "25", 3, &[&H264[..8], &["-bf", "3", "-c:a", "libmp3lame"]].concat());
    let made = make(&avi, 3).await;
    made.assert_numbered();
    assert_eq!(made.film.frames, 75);
    let fragments = ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-g", "25"];
    let path = numbered(folder.path(), "whole.mp4", "25", 4, &[H264, &fragments].concat());
    let bytes = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.mp4");
    std::fs::write(&cut, &bytes[..bytes.len() * 55 / 100]).unwrap();
    let made = make(&cut, 3).await;
    assert!(made.film.frames >= 40, "{}", made.film.frames);
}

#[tokio::test]
async fn a_picture_that_lasts_long_still_has_a_poster() {
    let folder = tempfile::tempdir().unwrap();
    let long = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=1/12:d=12"];
    make(&generate(folder.path(), "long.mp4", &[&long[..], &TONE, H264].concat()), 3).await;
    let negative = ["-output_ts_offset", "-0.7", "-avoid_negative_ts", "disabled"];
    make(&numbered(folder.path(), "negative.mkv", "25", 5, &[H264, &negative].concat()), 3).await;
}

/// Damages every 97th byte of a share of the file's media.
fn scratched(path: &Path, from: f64, to: f64) -> PathBuf {
    let mut bytes = std::fs::read(path).unwrap();
    let at = |share: f64| (bytes.len() as f64 * share) as usize;
    for place in (at(from)..at(to)).step_by(97) {
        bytes[place] = bytes[place].wrapping_mul(31).wrapping_add(17);
    }
    let scratched = path.with_extension("scratched.mp4");
    std::fs::write(&scratched, bytes).unwrap();
    scratched
}

#[tokio::test]
async fn damage_has_a_place_and_a_share() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["-g", "25", "-keyint_min", "25", "-movflags", "+faststart"];
    let path = numbered(folder.path(), "film.mp4", "25", 30, &[H264, &options].concat());
    let made = make(&scratched(&path, 0.50, 0.53), 3).await;
    let damage: Vec<_> = made.chunks.iter().flat_map(|chunk| &chunk.damage).collect();
    assert!(!damage.is_empty() && damage.iter().all(|one| (13_000..18_500).contains(&one.from_ms)), "{damage:?}");
    assert_eq!(made.film.frames, 750);
    for (place, number) in (0u64..).zip(made.numbers(&made.film.video[0])) {
        let is_damaged = damage.iter().any(|one| (one.from_ms..=one.to_ms + 40).contains(&(place * 40)));
        assert!(is_damaged || number == place, "{place} shows {number} outside of {damage:?}");
    }
    let mut ruined = std::fs::read(&path).unwrap();
    let half = ruined.len() / 2;
    ruined[half..].fill(0);
    let ruin = folder.path().join("ruin.mp4");
    std::fs::write(&ruin, ruined).unwrap();
    let refused = crate::recipe::encode(&ruin).await.unwrap_err();
    let MediaError::Refused(Refusal::Damaged { detail }) = refused else { panic!("{refused}") };
    assert!(detail.contains("0:1") && detail.contains('%'), "{detail}");
}

#[tokio::test]
async fn sound_that_is_shifted_or_missing_is_found_by_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=8"];
    let film = |name: &str, change: &str| {
        // Words of different lengths, as somebody speaks.
        let voice =
            format!("aevalsrc='0.5*sin(2*PI*300*t)*gt(sin(2*PI*t*1.3)+sin(2*PI*t*0.7),0.2)':s=48000:d=8{change}");
        generate(folder.path(), name, &[&picture[..], &["-f", "lavfi", "-i", &voice], H264].concat())
    };
    let made = make(&film("film.mp4", ""), 3).await;
    let (tools, limits) = (crate::recipe::tools(), crate::recipe::limits());
    let (sound, track) = made.film.sounds(&made.plan)[0];
    let heard = sounds::of_rendition(&tools, &made.joined(track), &made.plan, limits).await.unwrap();
    let others = [
        ("late.mp4", ",adelay=40:all=1", "-40 ms off"),
        ("early.mp4", ",atrim=start=0.04,asetpts=PTS-STARTPTS", "+40 ms off"),
        ("more.mp4", ",volume=volume='if(between(t,5,7),0,1)':eval=frame", ""),
    ];
    for (name, change, expected) in others {
        let input = Input::File(film(name, change));
        let source = sounds::of_source(&tools, &input, &made.plan, sound, limits).await.unwrap();
        let wrong: Vec<String> =
            sounds::compare("a0", &source, &heard).iter().map(|violation| violation.to_string()).collect();
        if expected.is_empty() {
            assert!(wrong.is_empty(), "{name}: more sound than the source has is no loss: {wrong:?}");
            let lost = sounds::compare("a0", &heard, &source);
            assert!(lost.iter().any(|violation| violation.to_string().contains("silent 5")), "{name}: {lost:?}");
        } else {
            assert!(wrong.iter().any(|one| one.contains(expected)), "{name}: {wrong:?}");
        }
    }
}
