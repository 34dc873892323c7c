use serde_json::json;

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
fn absent_is_not_null() {
    let patched =
        film().patched(&json!({"localisations": {"ru": null, "de": {"name": "Sintel"}}, "year": 2010})).unwrap();
    let languages: Vec<_> = patched.localisations.keys().map(Locale::as_str).collect();
    assert_eq!((languages, patched.year), (vec!["de", "en"], Some(Year(2010))));
    assert_eq!(patched.patched(&json!({"year": null})).unwrap().year, None);
    assert_eq!(film().patched(&json!({})).unwrap(), film());
}

#[test]
fn what_a_patch_must_not_do_is_refused() {
    for patch in [
        json!([]),
        json!({"kind": "series"}),
        json!({"slug": null}),
        json!({"original_title": null}),
        json!({"publication": "published"}),
        json!({"localisations": {"ru": {"name": ""}}}),
        json!({"localisations": {"russian": {"name": "a"}}}),
        json!({"windows": "always"}),
    ] {
        assert!(film().patched(&patch).is_err(), "{patch}");
    }
}

/// The examples of RFC 7396, appendix A.
#[test]
fn merging_follows_the_rfc() {
    for (target, patch, expected) in [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
        (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ] {
        let mut merged = target.clone();
        merge(&mut merged, &patch);
        assert_eq!(merged, expected, "{target} with {patch}");
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
