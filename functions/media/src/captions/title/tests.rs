use std::collections::BTreeMap;

use events::contracts::CaptionKind;
use kernel::{Id, World};
use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::captions::{refusal::Refusal, track::TrackState};

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn title() -> TitleId {
    TitleId::from_parts(NOW, [0; 10])
}

fn upload(number: u8) -> UploadId {
    UploadId::from_parts(NOW, [number; 10])
}

fn name(language: &str, kind: CaptionKind) -> TrackName {
    TrackName { language: language.parse().unwrap(), kind }
}

fn offered(key: &str) -> Result<Offered, Refusal> {
    Ok(Offered { key: key.to_owned(), cues: 1 })
}

fn refused() -> Result<Offered, Refusal> {
    Err(crate::captions::convert::too_large())
}

#[test]
fn a_file_counts_by_its_announcement() {
    let ru = name("ru", CaptionKind::Subtitles);
    let first = TitleCaptions::none(title()).announced(&ru, upload(1), NOW).unwrap();
    let second = first.announced(&ru, upload(2), NOW).unwrap();
    assert_eq!(second.waiting(upload(1), "v1"), None, "the earlier one counts no more");
    assert_eq!(second.converted(upload(1), "v1", offered("old"), NOW).offered(), []);
    let ready = second.converted(upload(2), "v1", offered("new"), NOW);
    assert_eq!(ready.offered()[0].path, "new");
    assert_eq!(ready.waiting(upload(2), "v1"), None, "once");
    assert_eq!(ready.waiting(upload(2), "v2"), Some(&ru), "another version is another file");
    assert_eq!(ready.tracks[0].state(NOW), TrackState::Ready);
    let late = ready.announced(&ru, upload(3), NOW).unwrap();
    let state = |minutes: i64| late.tracks[0].state(NOW + Duration::minutes(minutes));
    assert_eq!((state(0), state(15), state(17)), (TrackState::Waiting, TrackState::Waiting, TrackState::Expired));
    assert_eq!(late.offered(), ready.offered());
}

#[test]
fn a_version_that_is_refused_leaves_what_is_offered() {
    let ru = name("ru", CaptionKind::Forced);
    let ready = TitleCaptions::none(title()).announced(&ru, upload(1), NOW).unwrap();
    let ready = ready.converted(upload(1), "v1", offered("good"), NOW);
    let refused = ready.converted(upload(1), "v2", refused(), NOW);
    assert_eq!((refused.tracks[0].state(NOW), refused.offered()), (TrackState::Refused, ready.offered()));
    assert!(refused.tracks[0].file.refusal().is_some());
}

#[test]
fn no_two_tracks_are_listed_alike() {
    let mut names: Vec<String> = CaptionKind::ALL.iter().map(|kind| name("pt-BR", *kind).shown()).collect();
    names.push(name("pt", CaptionKind::Subtitles).shown());
    assert_eq!(names, ["Português (BR)", "Português (BR) [CC]", "Português (BR) [!]", "Português"]);
}

#[test]
fn what_waits_for_its_removal_is_bounded() {
    let ru = name("ru", CaptionKind::Subtitles);
    let mut captions = TitleCaptions::none(title());
    let world = World::system();
    for _ in 0..MOST_LEFTOVERS {
        captions = captions.announced(&ru, world.id(), NOW).unwrap();
    }
    assert_eq!(captions.announced(&ru, world.id(), NOW), Err(NotAnnounced::TooManyFiles));
    let later = NOW + Duration::hours(1);
    let gone: Vec<Leftover> = captions.outlived(later).cloned().collect();
    assert!(captions.swept(&gone).announced(&ru, world.id(), later).is_ok());
}

#[derive(Debug, Clone)]
enum Step {
    Announce(usize),
    /// An upload by its number, a version of it, and whether it is good.
    Convert(usize, u8, bool),
    Delete(usize),
    Wait(i64),
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0usize..3).prop_map(Step::Announce),
        (0usize..12, 0u8..3, any::<bool>()).prop_map(|(upload, version, good)| Step::Convert(upload, version, good)),
        (0usize..3).prop_map(Step::Delete),
        (1i64..20).prop_map(Step::Wait),
        Just(Step::Sweep),
    ]
}

proptest! {
    #[test]
    fn no_file_is_lost_and_none_that_is_offered_is_removed(steps in prop::collection::vec(step(), 0..60)) {
        let names = [name("en", CaptionKind::Captions), name("ru", CaptionKind::Forced), name("ru", CaptionKind::Subtitles)];
        let (mut captions, mut now) = (TitleCaptions::none(title()), NOW);
        let mut uploads: Vec<UploadId> = Vec::new();
        // Objects that exist, by bucket and key, with the moment from which nobody needs them.
        let mut objects: BTreeMap<String, Place> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Announce(track) => {
                    let id = upload(u8::try_from(uploads.len()).unwrap());
                    uploads.push(id);
                    captions = captions.announced(&names[track], id, now).unwrap();
                    objects.insert(source_key(title(), id), Place::Uploads);
                }
                Step::Convert(number, version, is_good) => {
                    let Some(id) = uploads.get(number) else { continue };
                    let identity = format!("v{version}");
                    let before = captions.clone();
                    if captions.waiting(*id, &identity).is_none() {
                        continue;
                    }
                    let key = format!("{number}/{version}");
                    let result = if is_good { offered(&key) } else { refused() };
                    captions = captions.converted(*id, &identity, result, now);
                    if is_good {
                        objects.insert(key, Place::Media);
                    } else {
                        prop_assert_eq!(before.offered(), captions.offered());
                    }
                }
                Step::Delete(track) => captions = captions.without(&names[track], now).unwrap_or(captions),
                Step::Wait(hours) => now += Duration::hours(hours),
                Step::Sweep => {
                    let gone: Vec<Leftover> = captions.outlived(now).cloned().collect();
                    for leftover in &gone {
                        objects.remove(&leftover.key);
                    }
                    captions = captions.swept(&gone);
                }
            }
            let shown: Vec<String> = captions.offered().into_iter().map(|track| track.path).collect();
            for key in &shown {
                prop_assert!(objects.contains_key(key), "{} is offered and gone", key);
                prop_assert!(captions.leftovers.iter().all(|leftover| leftover.key != *key), "{} is offered and leaves", key);
            }
            for key in objects.keys() {
                prop_assert!(captions.knows(key), "{} is lost", key);
            }
            prop_assert!(captions.tracks.is_sorted_by(|a, b| a.name < b.name));
            prop_assert_eq!(captions.due_at, captions.leftovers.iter().map(|leftover| leftover.at).min());
        }
    }
}
