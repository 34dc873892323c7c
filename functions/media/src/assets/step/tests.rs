use time::macros::datetime;

use super::*;
use crate::recipe::colour::Colour;
use crate::recipe::plan::PlanOptions;
use crate::recipe::rate::Rate;
use crate::recipe::shape::Turn;
use crate::recipe::source::{AudioTrack, CaptionTrack, Video};
use crate::tools::container::Container;

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn object(key: &str, version: &str) -> Object {
    Object { bucket: "uploads".into(), key: key.into(), version: Some(version.into()), identity: version.into() }
}

fn source() -> Source {
    let video = Video {
        stream: 0,
        codec: "h264".into(),
        width: 640,
        height: 360,
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
        key_gap_seconds: 2.0,
    };
    let track = AudioTrack {
        stream: 1,
        codec: "aac".into(),
        channels: 2,
        language: "en".into(),
        title: None,
        is_default: true,
        is_first_channel: false,
        jitter_seconds: 0.0,
    };
    Source {
        container: Container::Mov,
        needs_remux: false,
        clock_restarts_seconds: None,
        held_from: None,
        seconds: 130.0,
        origin_seconds: 0.0,
        rate: Rate::new(25, 1),
        is_variable: false,
        frames: 3250,
        video,
        audio: vec![track],
        captions: vec![CaptionTrack { stream: 2, codec: "subrip".into(), language: "ru".into(), is_text: true }],
        notes: vec![],
    }
}

fn plan() -> Plan {
    let order = PlanOptions { source_version: "v".into(), encoder: "e".into(), chunk_gops: 30 };
    Plan::new(&source(), &order)
}

fn announced() -> Asset {
    let id = |number| Uuid::from_u128(number);
    Asset::announced(
        kernel::AssetId::from_uuid(id(1)),
        TitleId::from_uuid(id(2)),
        UploadId::from_uuid(id(3)),
        "film.mp4",
        9,
        NOW,
    )
}

fn done(asset: &Asset, job: Job, note: Option<String>) -> JobRow {
    let row = JobRow::new(asset.asset_id, job, NOW);
    let crate::assets::row::Lease::Granted(row) = row.lease("a", NOW) else { panic!("claimed") };
    row.finish("a", Some("key".into()), note, NOW).unwrap()
}

#[test]
fn the_same_bytes_are_the_same_asset_and_others_are_not() {
    let first = object("inbox/a.mp4", "1");
    assert_eq!(first.asset_id(), first.clone().asset_id());
    assert_ne!(first.asset_id(), object("inbox/a.mp4", "2").asset_id());
    assert_ne!(first.asset_id(), object("inbox/b.mp4", "1").asset_id());
    assert_ne!(first.title_id().to_string()[4..], first.asset_id().to_string()[4..]);
    let (asset, probe) = Asset::found(&first, None, 5, NOW);
    assert_eq!((asset.state, asset.is_dropped, asset.filename.as_str()), (State::Probing, true, "a.mp4"));
    assert_eq!(probe.unwrap().job, Job::Probe);
}

#[test]
fn a_film_goes_through_every_state_once() {
    let source_object = object("sources/x/film.mp4", "1");
    let (asset, _) = announced().received(&source_object, 9, NOW).unwrap();
    assert!(asset.received(&source_object, 9, NOW).is_none(), "a second notification is none");
    let asset = asset.planned(&source_object, &source(), &plan(), NOW).unwrap();
    assert_eq!(asset.warnings, ["captions inside the file are not used yet: stream 2 (ru)"]);
    assert!(asset.planned(&source_object, &source(), &plan(), NOW).is_none());
    let jobs = Job::before_package(&plan());
    assert_eq!(jobs.len(), 3 + 2 + 1, "chunks, sounds, sprites");
    let mut rows: Vec<JobRow> = jobs.into_iter().map(|job| done(&asset, job, None)).collect();
    for missing in 0..rows.len() {
        let mut partial = rows.clone();
        partial.remove(missing);
        assert!(asset.advanced(&partial, NOW).is_none(), "complete without {}", rows[missing].job);
    }
    let (asset, package) = asset.advanced(&rows, NOW).unwrap();
    assert_eq!((asset.state, package.unwrap().job), (State::Packaging, Job::Package));
    assert!(asset.advanced(&rows, NOW).is_none(), "packaging waits for the packager");
    let film = r#"{"seconds":130.0,"renditions":[],"audio_languages":["en"]}"#;
    rows.push(done(&asset, Job::Package, Some(film.into())));
    let (asset, verify) = asset.advanced(&rows, NOW).unwrap();
    assert_eq!((asset.state, verify.unwrap().job), (State::Verifying, Job::Verify));
    let proof = r#"{"encoder":"e","parameters":"p","joints":2,"frames_compared":96,"files_read":1,"bytes_read":1,"sha256":"x"}"#;
    rows.push(done(&asset, Job::Verify, Some(proof.into())));
    let (asset, next) = asset.advanced(&rows, NOW).unwrap();
    assert!(next.is_none());
    assert_eq!((asset.state, asset.proof.as_ref().unwrap().joints), (State::Ready, 2));
    assert!(asset.advanced(&rows, NOW).is_none());
    assert!(
        asset.failed(AssetError { code: "late".into(), detail: String::new() }, NOW).is_none(),
        "a ready film stays ready"
    );
}

#[test]
fn nothing_becomes_ready_without_a_proof() {
    let source_object = object("sources/x/film.mp4", "1");
    let (asset, _) = announced().received(&source_object, 9, NOW).unwrap();
    let mut asset = asset.planned(&source_object, &source(), &plan(), NOW).unwrap();
    asset.state = State::Verifying;
    assert!(asset.advanced(&[done(&asset, Job::Verify, None)], NOW).is_none());
    assert!(asset.advanced(&[], NOW).is_none());
}

#[test]
fn whatever_is_stuck_fails_loudly() {
    let asset = announced();
    assert_eq!(asset.stuck(NOW, NOW + Duration::hours(24)), None);
    assert_eq!(asset.stuck(NOW, NOW + UPLOAD_LIMIT).unwrap().code, "upload_abandoned");
    let (asset, _) = asset.received(&object("sources/x/film.mp4", "1"), 9, NOW).unwrap();
    assert_eq!(asset.stuck(NOW + Duration::hours(5), NOW + STUCK_AFTER), None, "its ledger moves");
    assert_eq!(asset.stuck(NOW, NOW + STUCK_AFTER).unwrap().code, "stuck");
}

#[test]
fn plans_survive_the_table_to_the_letter() {
    let (asset, _) = announced().received(&object("sources/x/film.mp4", "1"), 9, NOW).unwrap();
    let asset = asset.planned(&object("k", "1"), &source(), &plan(), NOW).unwrap();
    assert_eq!(asset.plan(), Some(plan()));
    assert_eq!(asset.plan().unwrap().parameters(), plan().parameters());
    assert_eq!(asset.source(), Some(source()));
}

fn failed(asset: &Asset, code: &str) -> Asset {
    asset.failed(AssetError { code: code.into(), detail: String::new() }, NOW).unwrap()
}

#[test]
fn only_a_failed_asset_with_a_source_is_tried_again() {
    let source_object = object("sources/x/film.mp4", "1");
    let (probing, _) = announced().received(&source_object, 9, NOW).unwrap();
    for asset in [announced(), probing.clone(), Asset { state: State::Ready, ..probing.clone() }] {
        assert_eq!(asset.retried(None, NOW), Err(NotRetried::NotFailed), "{:?}", asset.state);
    }
    assert_eq!(failed(&announced(), "upload_abandoned").retried(None, NOW), Err(NotRetried::NoSource));
    let worn = JobRow { attempts: 6, worked_ms: 7, version: 9, ..JobRow::new(probing.asset_id, Job::Probe, NOW) };
    let (asset, probe) = failed(&probing, "probe_failed").retried(Some(worn), NOW).unwrap();
    assert_eq!((asset.state, asset.retries, &asset.error), (State::Probing, 1, &None));
    let probe = probe.unwrap();
    assert_eq!((probe.attempts, probe.round, probe.worked_ms, probe.version), (0, 1, 7, 9));
    assert!(asset.is_being_retried() && asset.retried(None, NOW).is_err(), "a second one changes nothing");
}

/// The asset tried again after it failed so, planned as `plan`, with its chunks as they were before.
fn tried_again(code: &str, plan: &Plan) -> (Asset, Vec<JobRow>) {
    let source_object = object("sources/x/film.mp4", "1");
    let (asset, _) = announced().received(&source_object, 9, NOW).unwrap();
    let asset = asset.planned(&source_object, &source(), &self::plan(), NOW).unwrap();
    let rows = Job::before_package(&self::plan()).into_iter().map(|job| done(&asset, job, None)).collect();
    let (asset, _) = failed(&asset, code).retried(None, NOW).unwrap();
    (asset.planned(&source_object, &source(), plan, NOW).unwrap(), rows)
}

#[test]
fn what_was_done_counts_after_a_retry_unless_it_is_in_doubt() {
    let (asset, mut rows) = tried_again("chunk_failed", &plan());
    let (packaging, package) = asset.advanced(&rows, NOW).expect("nothing is missing");
    assert_eq!((packaging.state, package.unwrap().round), (State::Packaging, 1));
    rows[1].status = crate::assets::row::Status::Waiting;
    assert!(asset.has_outlived(&rows[1]) && !asset.has_outlived(&rows[0]), "only what is missing is done again");
    assert!(asset.advanced(&rows, NOW).is_none());

    let other = Plan { encoder: "another".into(), ..plan() };
    for (code, plan) in [("verification_failed", plan()), ("package_failed", plan()), ("chunk_failed", other)] {
        let (asset, rows) = tried_again(code, &plan);
        assert!(asset.advanced(&rows, NOW).is_none(), "{code}");
        assert!(rows.iter().all(|row| asset.has_outlived(row)), "{code}");
        let rows: Vec<JobRow> = rows.into_iter().map(|row| JobRow { round: 1, ..row }).collect();
        assert!(asset.advanced(&rows, NOW).is_some(), "{code}");
        // A retry of the retry keeps what the retry has done, and only that.
        let (again, _) = failed(&asset, "chunk_failed").retried(None, NOW).unwrap();
        assert!(again.counts(&rows[0]) && !again.counts(&JobRow { round: 0, ..rows[0].clone() }), "{code}");
    }
}

#[test]
fn a_stage_that_was_reached_before_begins_again() {
    let (asset, mut rows) = tried_again("verification_unfinished", &plan());
    let film = r#"{"seconds":130.0,"renditions":[],"audio_languages":["en"]}"#;
    let before = JobRow { version: 4, ..done(&asset, Job::Package, Some(film.into())) };
    rows.push(before);
    let (packaging, package) = asset.advanced(&rows, NOW).unwrap();
    let package = package.unwrap();
    assert_eq!((package.is_over(), package.version, package.round), (false, 4, 1), "the row in its place");
    *rows.last_mut().unwrap() = package;
    assert!(packaging.advanced(&rows, NOW).is_none(), "the packager has not been there since");
}
