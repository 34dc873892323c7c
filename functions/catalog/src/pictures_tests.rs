use kernel::Id;
use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::{
    artwork::{PictureFile, Report, folder, rank, source_key, upload_of},
    picture::{Colour, Encoding},
};

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn id(number: u8) -> ArtworkId {
    ArtworkId::from_parts(NOW, [number; 10])
}

fn picture(upload: ArtworkId, digit: char) -> Picture {
    let file = |encoding: Encoding| PictureFile {
        path: format!("{}{}.{}", folder(upload), String::from(digit).repeat(64), encoding.extension()),
        width: 480,
        height: 720,
        encoding,
    };
    let files = vec![file(Encoding::Webp), file(Encoding::Jpeg)];
    let card = files[1].path.clone();
    Picture {
        upload_id: upload,
        width: 480,
        height: 720,
        placeholder: "AAAA".into(),
        colour: Colour::Unprofiled,
        card,
        files,
    }
}

fn ready(upload: u8, rank: &str, digit: char) -> Report {
    Report { upload_id: id(upload), rank: rank.into(), finding: Finding::Ready(picture(id(upload), digit)) }
}

fn refused(upload: u8, rank: &str) -> Report {
    Report { upload_id: id(upload), rank: rank.into(), finding: Finding::Refused { reason: PictureRefusal::Animated } }
}

fn begun(number: u8, kind: ArtworkKind) -> Upload {
    Upload { id: id(number), number: number.into(), kind, expires_at: NOW + LIFETIME, finding: None }
}

/// The table, with its rule of what is kept and what goes.
fn applied(mut uploads: Vec<Upload>, reports: &[Report]) -> Pictures {
    let mut ranks: BTreeMap<ArtworkId, (bool, String)> = BTreeMap::new();
    for report in reports {
        let Some(upload) = uploads.iter_mut().find(|upload| upload.id == report.upload_id) else { continue };
        let rank = (report.finding.is_ready(), report.rank.clone());
        if ranks.get(&report.upload_id).is_none_or(|known| *known < rank) {
            ranks.insert(report.upload_id, rank);
            upload.finding = Some(report.finding.clone());
        }
        let over = superseded(&uploads, NOW);
        uploads.retain(|upload| !over.contains(&upload.id));
    }
    Pictures::of(&uploads)
}

proptest! {
    /// An older upload that is looked at late never takes the place of a newer one.
    #[test]
    fn order_and_number_of_reports_do_not_matter(
        reports in prop::collection::vec((1..6u8, 0..3u8, any::<bool>()), 1..12),
        seed in any::<prop::sample::Index>(),
    ) {
        let kinds = [ArtworkKind::Poster, ArtworkKind::Backdrop];
        let uploads: Vec<Upload> = (1..6).map(|number| begun(number, kinds[usize::from(number) % 2])).collect();
        let report = |(upload, rank, is_ready): &(u8, u8, bool)| {
            let rank = rank.to_string();
            if *is_ready { ready(*upload, &rank, 'a') } else { refused(*upload, &rank) }
        };
        // One file has one outcome.
        let mut distinct: BTreeMap<(u8, u8), (u8, u8, bool)> = BTreeMap::new();
        for report in &reports {
            distinct.insert((report.0, report.1), *report);
        }
        let reports: Vec<Report> = distinct.values().map(report).collect();
        let expected = applied(uploads.clone(), &reports);
        let mut doubled = [reports.clone(), reports].concat();
        let turns = seed.index(doubled.len());
        doubled.rotate_left(turns);
        prop_assert_eq!(&applied(uploads.clone(), &doubled), &expected);
        doubled.reverse();
        prop_assert_eq!(&applied(uploads.clone(), &doubled), &expected);
        doubled.swap(0, turns);
        prop_assert_eq!(&applied(uploads, &doubled), &expected);
    }
}

#[test]
fn the_latest_picture_of_a_kind_is_shown_and_the_latest_upload_told() {
    let uploads = vec![begun(1, ArtworkKind::Poster), begun(2, ArtworkKind::Poster), begun(3, ArtworkKind::Logo)];
    let pictures = applied(uploads, &[ready(1, "1", 'a'), refused(2, "1")]);
    assert_eq!(pictures.shown[&ArtworkKind::Poster].upload_id, id(1));
    let poster = &pictures.uploads[&ArtworkKind::Poster];
    assert_eq!(
        (poster.upload_id, poster.state, poster.reason),
        (id(2), UploadState::Refused, Some(PictureRefusal::Animated))
    );
    let logo = &pictures.uploads[&ArtworkKind::Logo];
    assert_eq!(logo.state_at(NOW), UploadState::Waiting);
    assert_eq!(logo.state_at(NOW + LIFETIME * 2), UploadState::Expired);
    let document = serde_json::to_value(&pictures).unwrap();
    assert_eq!(document["poster"]["upload_id"], serde_json::json!(id(1)));
    assert_eq!(serde_json::from_value::<Pictures>(document).unwrap(), pictures);
}

#[test]
fn uploads_that_nobody_can_report_any_more_make_room_but_for_the_latest() {
    let uploads = vec![begun(1, ArtworkKind::Poster), begun(2, ArtworkKind::Poster)];
    assert_eq!(superseded(&uploads, NOW + LIFETIME), []);
    assert_eq!(superseded(&uploads, NOW + LIFETIME + LATEST_REPORT), [id(1)]);
}

#[test]
fn a_report_is_believed_only_of_its_own_upload() {
    let plausible = |report: &Report| report.is_plausible(ArtworkKind::Poster);
    assert!(plausible(&ready(1, "1", 'a')) && plausible(&refused(1, "1")));
    let changed = |change: &dyn Fn(&mut Picture)| {
        let mut report = ready(1, "1", 'a');
        if let Finding::Ready(picture) = &mut report.finding {
            change(picture);
        }
        plausible(&report)
    };
    assert!(!changed(&|picture| picture.upload_id = id(2)));
    assert!(!changed(
        &|picture| picture.files[0].path = picture.files[0].path.replace(&id(1).to_string(), &id(2).to_string())
    ));
    assert!(!changed(&|picture| picture.files[1].path = format!("{}../../ast_1/master.m3u8", folder(id(1)))));
    assert!(!changed(&|picture| picture.card = "ast_1/poster.jpg".into()));
    assert!(!changed(&|picture| picture.card = picture.files[0].path.clone()));
    assert!(!changed(&|picture| picture.files.clear()));
    assert!(!changed(&|picture| picture.files[0].width = 961));
    assert!(!changed(&|picture| picture.width = 0));
    assert!(!changed(&|picture| picture.placeholder = "<script>".into()));
    assert!(!changed(&|picture| picture.placeholder = "A".repeat(37)));
    let long = Report { rank: "1".repeat(2000), ..ready(1, "1", 'a') };
    assert!(!plausible(&long));
}

#[test]
fn names_lead_back_to_their_upload() {
    for kind in ArtworkKind::ALL {
        assert_eq!(upload_of(&source_key(id(3), kind)), Some((id(3), kind)));
    }
    for foreign in
        ["pictures/x", "pictures/poster/x", "pictures/cover/art_01jd3k5m7n9pqrstvwxyz01234", "sources/poster/a"]
    {
        assert_eq!(upload_of(foreign), None, "{foreign}");
    }
}

#[test]
fn later_files_rank_higher() {
    assert!(rank(Some("0055AED6DCD90281E5"), Some("z")) < rank(Some("0155AED6DCD90281E5"), Some("a")));
    assert!(rank(Some("FF"), None) < rank(Some("0100"), None), "sequencers are of any length");
    assert!(rank(None, None) < rank(Some("1"), None));
}

#[test]
fn a_card_is_the_narrowest_that_is_wide_enough() {
    let file = |width, encoding| PictureFile { path: format!("{width}"), width, height: 1, encoding };
    let of = |widths: &[u32]| {
        let files: Vec<_> =
            widths.iter().flat_map(|width| Encoding::ALL.map(|encoding| file(*width, encoding))).collect();
        Picture::card_of(&files).map(|file| (file.width, file.encoding))
    };
    assert_eq!(of(&[240, 480, 960]), Some((480, Encoding::Jpeg)));
    assert_eq!(of(&[100]), Some((100, Encoding::Jpeg)));
    assert_eq!(of(&[]), None);
}
