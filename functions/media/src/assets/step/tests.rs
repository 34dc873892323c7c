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
