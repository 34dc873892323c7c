use serde_json::json;
use utoipa::PartialSchema;

use super::*;

fn film() -> Draft {
    serde_json::from_value(json!({
        "kind": "film", "slug": "sintel", "original_title": "Sintel",
        "localisations": {"en": {"name": "Sintel", "synopsis": "A girl and a dragon."}, "ru": {"name": "Синтел"}},
    }))
    .unwrap()
}

fn errors(draft: &Draft) -> Vec<String> {
    draft.violations().into_iter().map(|violation| violation.pointer).collect()
}

#[test]
fn a_family_must_fit() {
    let parent: TitleId = "ttl_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap();
    assert_eq!(errors(&Draft { kind: TitleKind::Season, ..film() }), ["/parent_id", "/number"]);
    assert_eq!(errors(&Draft { parent_id: Some(parent), ..film() }), ["/parent_id"]);
    assert!(errors(&Draft { kind: TitleKind::Episode, parent_id: Some(parent), number: Some(1), ..film() }).is_empty());
}

#[test]
fn every_wrong_part_is_named() {
    let mut draft = film();
    draft.genres = vec![Slug::new("drama").unwrap(); 2];
    draft.markers = vec![Marker { kind: MarkerKind::Intro, from_seconds: 5.0, until_seconds: 5.0 }];
    draft.windows = vec![Window { territories: vec![], plans: vec![], from: None, until: None }; 2];
    assert_eq!(errors(&draft), ["/genres", "/markers/0", "/windows/1"]);
}

#[test]
fn the_document_knows_every_limit() {
    let schema = |schema| serde_json::to_value::<utoipa::openapi::RefOr<utoipa::openapi::Schema>>(schema).unwrap();
    let (draft, marker, credit) = (schema(Draft::schema()), schema(Marker::schema()), schema(Credit::schema()));
    for (documented, limit) in [
        (&draft["properties"]["countries"]["maxItems"], MOST_COUNTRIES),
        (&draft["properties"]["genres"]["maxItems"], MOST_GENRES),
        (&draft["properties"]["credits"]["maxItems"], MOST_CREDITS),
        (&draft["properties"]["markers"]["maxItems"], MOST_MARKERS),
        (&draft["properties"]["windows"]["maxItems"], windows::MOST),
        (&draft["properties"]["number"]["maximum"], GREATEST_NUMBER.into()),
        (&credit["properties"]["also_known_as"]["maxItems"], MOST_OTHER_NAMES),
        (&marker["properties"]["until_seconds"]["maximum"], LONGEST_SECONDS as usize),
    ] {
        assert_eq!(documented.as_f64(), Some(limit as f64));
    }
}

#[test]
fn a_file_gives_its_name() {
    for (path, name) in [
        ("inbox/My Film (2020).mp4", "My Film (2020)"),
        ("C:\\films\\a.b.mkv", "a.b"),
        (".mp4", ".mp4"),
        ("\u{0}", "Untitled"),
    ] {
        assert_eq!(Draft::of_file(path).original_title.as_str(), name);
    }
}
