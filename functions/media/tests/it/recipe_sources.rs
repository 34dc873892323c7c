//! Every kind of source that is accepted becomes a film whose frames are all there, in order, once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test support")]

use std::{path::Path, process::Command};

use media::{
    encode::chunk,
    film::{
        Film,
        ledger::ChunkRow,
        package::{MANIFEST, MASTER},
        violation::Check,
    },
};

use crate::recipe::{BARCODE, H264, Made, generate, limits, make, numbered, probe, tools, tools_folder};

async fn film(name: &str, rate: &str, encoding: &[&str]) -> Made {
    let folder = tempfile::tempdir().unwrap();
    make(&numbered(folder.path(), name, rate, 13, encoding), 3).await
}

#[tokio::test]
async fn at_24_with_everything_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let picture = format!("testsrc2=s=320x180:r=24:d=22,{BARCODE},scale=1280:720:flags=neighbor");
    let inputs =
        ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", "sine=f=440:d=22", "-f", "lavfi", "-i", "sine=f=880:d=22"];
    let maps =
        ["-map", "0", "-map", "1", "-map", "2", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=rus"];
    let path = generate(folder.path(), "film.mp4", &[&inputs[..], &maps, H264].concat());
    let made = make(&path, 3).await;
    made.assert_numbered();
    assert_eq!((made.plan.chunks(), made.film.frames), (3, 528));
    let names: Vec<&str> = made.film.tracks().map(|track| track.rendition.as_str()).collect();
    assert_eq!(names, ["v720", "v540", "v432", "v360", "v234", "a0", "a1", "a0low", "a1low"]);
    let languages: Vec<&str> = made.source.audio.iter().map(|track| track.language.as_str()).collect();
    assert_eq!(languages, ["en", "ru"]);
    playlists_parse(&made);
    plays_from_its_master(&made);
    assert_eq!(made.pages.last().unwrap().key, MASTER);
    refuses_what_is_wrong(&made);
}

/// Another reader than ours finds everything in the playlists.
fn playlists_parse(made: &Made) {
    let master = m3u8_rs::parse_master_playlist_res(made.page(MASTER).as_bytes()).unwrap();
    let (iframe, variants): (Vec<_>, Vec<_>) = master.variants.iter().partition(|variant| variant.is_i_frame);
    assert_eq!((variants.len(), iframe.len(), master.alternatives.len()), (5, 5, 4));
    let smallest = variants.iter().map(|variant| variant.bandwidth).min().unwrap();
    assert!(smallest <= 192_000, "{smallest}");
    for variant in variants {
        assert!(variant.average_bandwidth.unwrap() <= variant.bandwidth);
        assert_eq!(variant.frame_rate, Some(24.0));
        assert!(variant.codecs.as_deref().unwrap().ends_with(",mp4a.40.2"));
    }
    for page in made.pages.iter().filter(|page| page.key.ends_with("/index.m3u8")) {
        let media = m3u8_rs::parse_media_playlist_res(page.text.as_bytes()).unwrap();
        let folder = page.key.trim_end_matches("index.m3u8");
        assert!(media.end_list && media.target_duration == 6);
        let seconds: f32 = media.segments.iter().map(|segment| segment.duration).sum();
        assert!((seconds - 22.0).abs() < 0.05, "{seconds}");
        for segment in &media.segments {
            assert!(made.objects.contains_key(&format!("{folder}{}", segment.uri)), "{}", segment.uri);
        }
    }
    let manifest = made.page(MANIFEST);
    assert_eq!(manifest.matches("<Representation").count(), 9);
    assert_eq!(
        manifest.matches("<SegmentURL").count(),
        made.film.tracks().map(|track| track.segments.len()).sum::<usize>()
    );
}

/// A player that knows only the master playlist finds every rung and every track, whole.
fn plays_from_its_master(made: &Made) {
    let master = made.published();
    let counted =
        ["-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv=p=0"];
    let output = Command::new(tools_folder().join("ffprobe")).args(counted).arg(&master).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // Every stream is listed alone and within its programs.
    let lines = |kind: &'static str| text.lines().filter(move |line| line.starts_with(kind));
    assert!(lines("video").count() >= 5 && lines("video").all(|line| line == "video,528"), "{text}");
    assert!(lines("audio").count() >= 4 && lines("audio").all(|line| line == "audio,1033"), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Each kind of damage is found by the check that is there for it.
fn refuses_what_is_wrong(made: &Made) {
    let checks = |change: &dyn Fn(&mut Vec<ChunkRow>)| {
        let mut chunks = made.chunks.clone();
        change(&mut chunks);
        let wrong = Film::assemble(&made.plan, &chunks, &made.sounds).unwrap_err();
        wrong.iter().map(|violation| violation.check).collect::<Vec<_>>()
    };
    assert_eq!(checks(&|chunks| drop(chunks.remove(1))), [Check::Complete]);
    assert_eq!(checks(&|chunks| chunks[1].encoder.push('x')), [Check::Complete]);
    assert_eq!(checks(&|chunks| chunks[2].tracks[1].init.sha256.push('x')), [Check::Init]);
    assert!(checks(&|chunks| chunks[1].tracks[0].segments[0].tfdt += 1).contains(&Check::Continuity));
    assert!(checks(&|chunks| chunks[0].frames -= 1).contains(&Check::Continuity));
    let moved = checks(&|chunks| {
        let groups = &mut chunks[2].tracks[3].segments.last_mut().unwrap().groups;
        groups[0].frames -= 1;
    });
    assert!(moved.contains(&Check::Alignment));
    assert!(Film::assemble(&made.plan, &made.chunks, &made.sounds[1..]).is_err());
    let mut twice = made.chunks.clone();
    twice.extend(made.chunks.iter().rev().cloned());
    assert!(Film::assemble(&made.plan, &twice, &made.sounds).is_ok(), "order and duplicates do not matter");
    let track = &made.film.video[0];
    let (init, _) = media::proof::checks::init(track, &made.object(&track.init.key));
    let mut bytes = made.object(&track.segments[1].file.key);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let wrong = media::proof::checks::segment(&init.unwrap(), &track.segments[1], &bytes);
    assert_eq!(wrong.iter().map(|violation| violation.check).collect::<Vec<_>>(), [Check::Bytes]);
    let mut proof = made.proof.clone();
    proof.joints[0].differing.push(7);
    assert_eq!(media::proof::checks::seams(&made.plan, &proof)[0].check, Check::Seam);
    proof.joints.clear();
    assert_eq!(media::proof::checks::seams(&made.plan, &proof)[0].check, Check::Seam);
}

#[tokio::test]
async fn at_23_976_with_a_millisecond_clock() {
    let made = film("film.mkv", "24000/1001", H264).await;
    assert_eq!((made.plan.rate.to_string().as_str(), made.plan.gop), ("24000/1001", 48));
    made.assert_numbered();
}

#[tokio::test]
async fn at_23_976_in_mp4() {
    film("film.mp4", "24000/1001", H264).await.assert_numbered();
}

#[tokio::test]
async fn at_25_and_29_97() {
    film("film.mp4", "25", H264).await.assert_numbered();
    let made = film("film.mov", "30000/1001", H264).await;
    assert_eq!(made.plan.gop, 60);
    made.assert_numbered();
}

#[tokio::test]
async fn at_50_and_59_94() {
    film("film.mp4", "50", H264).await.assert_numbered();
    let made = film("film.mp4", "60000/1001", H264).await;
    assert_eq!(made.plan.gop, 120);
    made.assert_numbered();
}

#[tokio::test]
async fn a_phone_that_drops_frames_and_pauses() {
    let folder = tempfile::tempdir().unwrap();
    let picture = format!(
        "testsrc2=s=320x180:r=30:d=14,{BARCODE},select='not(between(n,160,230))*not(eq(mod(n,50),7))',setpts=PTS+0.004*random(1)/TB"
    );
    let vfr = ["-f", "lavfi", "-i", &picture, "-fps_mode", "vfr"];
    let made = make(&generate(folder.path(), "film.mp4", &[&vfr[..], H264].concat()), 3).await;
    assert!(made.source.is_variable);
    assert_eq!((made.plan.rate.to_string().as_str(), made.film.frames), ("30/1", 420));
    // The second chunk begins inside the pause: it shows the picture from before.
    for track in &made.film.video {
        for (place, number) in (0u64..).zip(made.numbers(track)) {
            let is_dropped = (160..=230).contains(&place) || place % 50 == 7;
            let expected = if (160..=230).contains(&place) { 159 } else { place - u64::from(place % 50 == 7) };
            let is_near = number.abs_diff(expected) <= 1;
            assert!(if is_dropped { is_near } else { number == place || is_near }, "{place} shows {number}");
        }
    }
}

#[tokio::test]
async fn a_phone_held_upright() {
    let folder = tempfile::tempdir().unwrap();
    let lying = numbered(folder.path(), "lying.mp4", "30", 7, H264);
    let turned = ["-display_rotation", "90", "-i", lying.to_str().unwrap(), "-c", "copy"];
    let made = make(&generate(folder.path(), "film.mp4", &turned), 3).await;
    assert_eq!((made.source.video.width, made.source.video.height), (180, 320));
    assert!(made.film.video.iter().all(|track| (track.width, track.height) == (180, 320)));
}

#[tokio::test]
async fn a_transport_stream_is_remuxed() {
    let made = film("film.ts", "25", H264).await;
    assert!(!made.source.needs_remux, "the copy can be seeked in");
    made.assert_numbered();
}

#[tokio::test]
async fn avi_of_two_ages() {
    let made = film("film.avi", "25", &["-c:v", "mpeg4", "-q:v", "4", "-g", "40", "-c:a", "mp2"]).await;
    made.assert_numbered();
    let folder = tempfile::tempdir().unwrap();
    let old = ["-f", "lavfi", "-i", "testsrc2=s=352x288:r=25:d=7", "-c:v", "h263", "-q:v", "6"];
    let made = make(&generate(folder.path(), "old.avi", &old), 3).await;
    assert_eq!(made.film.frames, 175);
}

#[tokio::test]
async fn newer_codecs() {
    let vp9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "77", "-c:a", "libopus"];
    film("film.webm", "25", &vp9).await.assert_numbered();
    let hevc = [
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        "log-level=error:open-gop=1:keyint=60",
        "-tag:v",
        "hvc1",
        "-c:a",
        "aac",
    ];
    film("film.mp4", "24", &hevc).await.assert_numbered();
}

#[tokio::test]
async fn fields_become_frames() {
    let folder = tempfile::tempdir().unwrap();
    let fields = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=352x288:r=50:d=13",
        "-vf",
        "interlace",
        "-c:v",
        "mpeg2video",
        "-flags",
        "+ilme+ildct",
        "-g",
        "15",
        "-bf",
        "2",
        "-q:v",
        "4",
    ];
    let made = make(&generate(folder.path(), "film.mkv", &fields), 3).await;
    assert!(made.source.video.is_interlaced && made.plan.picture.deinterlace);
    assert_eq!(made.plan.rate.to_string(), "25/1");
}

#[tokio::test]
async fn high_dynamic_range_is_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let light = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv";
    let hdr = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=7", "-vf", light, "-c:v", "ffv1", "-g", "1"];
    let made = make(&generate(folder.path(), "film.mkv", &hdr), 3).await;
    assert!(made.source.video.is_hdr && made.source.video.bits == 10);
    assert!(made.film.video.iter().all(|track| track.codec.starts_with("avc1.64")), "8 bits, High profile");
}

#[tokio::test]
async fn odd_sizes_and_oblong_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let odd = ["-f", "lavfi", "-i", "testsrc2=s=333x187:r=24:d=3", "-c:v", "ffv1", "-pix_fmt", "yuv420p"];
    let made = make(&generate(folder.path(), "odd.mkv", &odd), 3).await;
    assert_eq!((made.film.video[0].width, made.film.video[0].height), (332, 186));
    let oblong = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=360x288:r=25:d=3",
        "-vf",
        "setsar=16/11",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
    ];
    let made = make(&generate(folder.path(), "oblong.mp4", &oblong), 3).await;
    assert_eq!((made.source.video.width, made.source.video.height), (524, 288));
}

/// When sound is first heard, in seconds.
fn onset(samples: &[i16]) -> f64 {
    samples.iter().position(|sample| sample.unsigned_abs() > 1000).map_or(f64::INFINITY, |at| at as f64 / 48_000.0)
}

#[tokio::test]
async fn sound_that_starts_late_ends_early_and_has_holes() {
    let folder = tempfile::tempdir().unwrap();
    let plain = numbered(folder.path(), "plain.mp4", "24", 10, H264);
    let plain = plain.to_str().unwrap();
    let late = ["-i", plain, "-itsoffset", "0.5", "-t", "6", "-i", plain, "-map", "0:v", "-map", "1:a", "-c", "copy"];
    let made = make(&generate(folder.path(), "late.mp4", &late), 3).await;
    made.assert_numbered();
    for track in &made.film.sound {
        let samples = made.samples(track);
        assert!((onset(&samples) - 0.5).abs() < 0.03, "heard after {} s", onset(&samples));
        assert!((track.seconds() - 10.0).abs() < 0.05, "silence fills up to the end");
        assert!(samples[48_000 * 8..48_000 * 9].iter().all(|sample| sample.unsigned_abs() < 200));
    }
    let holes = ["-i", plain, "-c:v", "copy", "-af", "aselect='not(between(t,3,5))'", "-c:a", "pcm_s16le"];
    let made = make(&generate(folder.path(), "holes.mkv", &holes), 3).await;
    let samples = made.samples(&made.film.sound[0]);
    assert!(
        samples[48_000 * 7 / 2..48_000 * 9 / 2].iter().all(|sample| sample.unsigned_abs() < 200),
        "a hole is silent"
    );
    assert!(samples[48_000 * 6..48_000 * 13 / 2].iter().any(|sample| sample.unsigned_abs() > 1000), "and not longer");
}

#[tokio::test]
async fn one_channel_six_channels_none() {
    let folder = tempfile::tempdir().unwrap();
    let picture = "testsrc2=s=320x180:r=24:d=4";
    let with = |tone: &'static str| [&["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone], H264].concat();
    let mono = make(&generate(folder.path(), "mono.mp4", &with("sine=d=4,aformat=channel_layouts=mono")), 3).await;
    assert_eq!(mono.source.audio[0].channels, 1);
    assert!(onset(&mono.samples(&mono.film.sound[0])) < 0.05);
    let six = make(&generate(folder.path(), "six.mp4", &with("sine=d=4,aformat=channel_layouts=5.1")), 3).await;
    assert_eq!((six.source.audio[0].channels, six.plan.audio[0].channels), (6, 2));
    let none = make(&generate(folder.path(), "none.mp4", &[&["-f", "lavfi", "-i", picture], H264].concat()), 3).await;
    assert!(none.film.sound.is_empty() && !none.page(MASTER).contains("AUDIO"));
}

#[tokio::test]
async fn noise_still_fits_a_bad_network() {
    let folder = tempfile::tempdir().unwrap();
    let noise = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=426x240:r=60:d=9.2,noise=alls=100:allf=t+u",
        "-f",
        "lavfi",
        "-i",
        "anoisesrc=d=9.2",
    ];
    let made = make(&generate(folder.path(), "noise.mp4", &[&noise[..], H264].concat()), 3).await;
    assert!(made.page(MASTER).contains("BANDWIDTH=1"), "{}", made.page(MASTER));
}

#[tokio::test]
async fn a_long_film_is_read_at_both_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = numbered(folder.path(), "film.mp4", "30000/1001", 100, H264);
    let source = probe(&path).await.unwrap();
    assert_eq!((source.frames, source.is_variable), (2998, false));
    let pause = ["-i", path.to_str().unwrap(), "-an", "-vf", "select='not(between(t,70,75))'", "-fps_mode", "vfr"];
    let paused = generate(folder.path(), "pause.mp4", &[&pause[..], &H264[..8]].concat());
    let source = probe(&paused).await.unwrap();
    assert!(source.is_variable && source.video.preroll_seconds > 5.0, "{source:?}");
    let early = ["-i", path.to_str().unwrap(), "-c", "copy", "-movflags", "+faststart"];
    let mut bytes = std::fs::read(generate(folder.path(), "early.mp4", &early)).unwrap();
    bytes.truncate(bytes.len() / 10 * 9);
    let cut = folder.path().join("cut.mp4");
    std::fs::write(&cut, bytes).unwrap();
    assert!(probe(&cut).await.unwrap_err().to_string().contains("incomplete"));
}

#[tokio::test]
async fn a_film_of_one_frame() {
    let folder = tempfile::tempdir().unwrap();
    let one = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=24", "-frames:v", "1"];
    let made = make(&generate(folder.path(), "one.mp4", &[&one[..], H264].concat()), 3).await;
    assert_eq!((made.film.frames, made.plan.chunks(), made.proof.joints.len()), (1, 1, 0));
}

#[tokio::test]
async fn a_last_chunk_of_half_a_second_and_captions_inside() {
    let folder = tempfile::tempdir().unwrap();
    let captions = folder.path().join("captions.srt");
    std::fs::write(&captions, "1\n00:00:01,000 --> 00:00:02,000\nHello\n").unwrap();
    let picture = format!("testsrc2=s=320x180:r=24:d=6.5,{BARCODE}");
    let inputs = ["-f", "lavfi", "-i", &picture, "-i", captions.to_str().unwrap(), "-map", "0", "-map", "1"];
    let captions = ["-c:s", "mov_text", "-metadata:s:s:0", "language=ger"];
    let made = make(&generate(folder.path(), "film.mp4", &[&inputs[..], H264, &captions].concat()), 3).await;
    assert_eq!(made.plan.chunks(), 1, "half a second joins the chunk before");
    assert_eq!((made.source.captions[0].language.as_str(), made.source.captions[0].is_text), ("de", true));
    made.assert_numbered();
}

#[tokio::test]
async fn the_same_work_makes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = numbered(folder.path(), "film.mp4", "24", 13, H264);
    let made = make(&path, 3).await;
    let again = folder.path().join("again");
    std::fs::create_dir(&again).unwrap();
    let input = media::tools::input::Input::File(path);
    let second = chunk::encode(&tools(), &input, &made.plan, 1, &again, limits()).await.unwrap();
    assert_eq!(second.row, made.chunks[1]);
    let stored = serde_json::to_string(&second.row).unwrap();
    assert_eq!(serde_json::from_str::<ChunkRow>(&stored).unwrap(), second.row);
    assert!(second.files.iter().all(|file| file.path.starts_with(Path::new(&again))));
}

/// The loudest sample of each window of 5 ms, away from both ends.
fn loudness(samples: &[i16]) -> Vec<u16> {
    let windows: Vec<u16> = samples
        .chunks(240)
        .map(|window| window.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0))
        .collect();
    windows[40..windows.len() - 40].to_vec()
}

#[tokio::test]
async fn a_clock_that_wobbles_tears_no_holes() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", "-f", "lavfi", "-i", "sine=f=440:r=48000:d=4"];
    let even = generate(folder.path(), "even.mp4", &[&inputs[..], H264, &["-c:a", "aac"]].concat());
    let even = even.to_string_lossy().into_owned();
    for (name, late) in [("seventh.mkv", "not(mod(N\\,7))*0.024"), ("second.mkv", "not(mod(N\\,2))*0.028")] {
        let moved = format!("setts=ts=TS+{late}/TB");
        let path = generate(folder.path(), name, &["-i", &even, "-map", "0", "-c", "copy", "-bsf:a", &moved]);
        let made = make(&path, 3).await;
        let track = made.film.tracks().find(|track| track.rendition == "a0").unwrap().clone();
        let silent = loudness(&made.samples(&track)).iter().filter(|loudest| **loudest < 300).count();
        assert_eq!(silent, 0, "{name}");
    }
}

#[tokio::test]
async fn what_a_file_holds_beside_the_film_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let long = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2", "-f", "lavfi"];
    let maps = ["-i", "sine=d=5", "-map", "0", "-map", "1", "-map", "2", "-disposition:a:0", "default"];
    let path = generate(folder.path(), "long.mkv", &[&long[..], &maps, H264].concat());
    let notes = probe(&path).await.unwrap().notes.join("; ");
    assert!(notes.contains("sound track 2 is cut off at the end of the film: it lasts 3.0 s longer"), "{notes}");

    let inputs = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", "-f", "lavfi", "-i", "sine=d=4"];
    let part = generate(folder.path(), "part.mkv", &[&inputs[..], H264].concat());
    let bytes = std::fs::read(&part).unwrap();
    let joined = folder.path().join("joined.mkv");
    std::fs::write(&joined, [&bytes[..], &bytes[..]].concat()).unwrap();
    let refused = probe(&joined).await.unwrap_err().to_string();
    assert!(refused.contains("several recordings behind each other"), "{refused}");
}

#[tokio::test]
async fn a_rotation_that_only_the_pictures_tell_is_applied() {
    let folder = tempfile::tempdir().unwrap();
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=2"];
    let flat = generate(folder.path(), "flat.mkv", &[&picture[..], H264].concat()).to_string_lossy().into_owned();
    let turned = ["-i", &flat, "-c", "copy", "-bsf:v", "h264_metadata=display_orientation=insert:rotate=90"];
    let source = probe(&generate(folder.path(), "turned.mkv", &turned)).await.unwrap();
    assert_eq!((source.video.width, source.video.height), (360, 640));
}
