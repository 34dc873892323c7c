use proptest::prelude::*;
use serde_json::json;

use super::*;

fn id() -> ExternalId {
    ExternalId::new("603").unwrap()
}

fn film() -> Value {
    json!({
        "id": 603, "title": "The Film", "original_title": "Le film", "overview": "Told.", "release_date": "1999-03-30",
        "genres": [{"id": 28, "name": "Action"}, {"id": 878, "name": "Science Fiction"}, {"id": 10770, "name": "TV Movie"}],
        "production_countries": [{"iso_3166_1": "NL"}, {"iso_3166_1": "NL"}, {"iso_3166_1": "Holland"}],
        "credits": {
            "cast": [{"name": "Ann", "character": "A"}, {"name": "Bob", "character": ""}],
            "crew": [{"name": "Cy", "job": "Director"}, {"name": "Cy", "job": "Screenplay"}, {"name": "Di", "job": "Catering"}],
        },
        "translations": {"translations": [
            {"iso_639_1": "de", "data": {"title": "Der Film", "overview": "Erzählt."}},
            {"iso_639_1": "ru", "data": {"title": "", "overview": "Рассказано."}},
        ]},
        "external_ids": {"imdb_id": "tt0000603", "wikidata_id": null},
    })
}

fn read_film(document: &Value) -> Metadata {
    read(document, TitleKind::Film, &id()).unwrap()
}

fn pointers(metadata: &Metadata) -> Vec<&str> {
    metadata.left_out.iter().map(|left_out| left_out.pointer.as_str()).collect()
}

#[test]
fn a_film_is_read() {
    let metadata = read_film(&film());
    assert_eq!(metadata.original_title, Name::new("Le film"));
    assert_eq!(metadata.year, Some(Year(1999)));
    assert_eq!(metadata.countries.iter().map(Territory::as_str).collect::<Vec<_>>(), ["NL"]);
    assert_eq!(metadata.genres.iter().map(Slug::as_str).collect::<Vec<_>>(), ["action", "science-fiction"]);
    let text = |locale: &str| metadata.texts[&locale.parse().unwrap()].clone();
    assert_eq!(text("en"), Text { name: Name::new("The Film"), synopsis: Synopsis::new("Told.") });
    assert_eq!(text("ru"), Text { name: Name::new("The Film"), synopsis: Synopsis::new("Рассказано.") });
    assert_eq!(metadata.texts.len(), 2);
    let credits: Vec<_> = metadata.credits.iter().map(|credit| (credit.name.as_str(), credit.role.as_str())).collect();
    assert_eq!(credits, [("Cy", "director"), ("Cy", "writer"), ("Ann", "actor"), ("Bob", "actor")]);
    let ids: Vec<_> = metadata.external_ids.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect();
    assert_eq!(ids, [("imdb", "tt0000603"), ("tmdb", "603")]);
    assert_eq!(pointers(&metadata), ["/production_countries/2/iso_3166_1", "/genres/2"]);
}

#[test]
fn a_series_has_names_of_its_own() {
    let series = json!({
        "id": 603, "name": "The Series", "original_name": "Сериал", "first_air_date": "2010-06-16",
        "created_by": [{"name": "Eve"}], "genres": [{"id": 10765}],
        "translations": {"translations": [{"iso_639_1": "ru", "data": {"name": "Сериал", "overview": ""}}]},
    });
    let metadata = read(&series, TitleKind::Series, &id()).unwrap();
    assert_eq!((metadata.original_title, metadata.year), (Name::new("Сериал"), Some(Year(2010))));
    assert_eq!(metadata.texts[&"ru".parse().unwrap()].name, Name::new("Сериал"));
    assert_eq!(metadata.credits[0].role.as_str(), "creator");
    assert_eq!(metadata.genres.len(), 2);
}

#[test]
fn what_is_hostile_is_left_out_part_by_part() {
    let with = |change: fn(&mut Value)| {
        let mut document = film();
        change(&mut document);
        read_film(&document)
    };
    let long = with(|film| film["overview"] = json!("x".repeat(5001)));
    assert_eq!(long.texts[&Locale::english()].synopsis, None);
    assert!(pointers(&long).contains(&"/overview"));
    let nul = with(|film| film["title"] = json!("a\u{0}b"));
    assert_eq!((nul.texts[&Locale::english()].name.clone(), nul.original_title), (None, Name::new("Le film")));
    let absurd = with(|film| film["release_date"] = json!("0999-99-99"));
    assert_eq!(absurd.year, None);
    let listed = with(|film| film["credits"] = json!({"cast": "nobody", "crew": [1, null, {"job": "Director"}]}));
    assert!(listed.credits.is_empty());
    assert!(pointers(&listed).ends_with(&["/credits/crew/2/name", "/credits/cast"]), "{:?}", listed.left_out);
    let crowd = with(|film| {
        film["credits"]["cast"] = (0..10_000).map(|at| json!({"name": format!("Nobody {at}")})).collect();
    });
    assert_eq!(crowd.credits.len(), MOST_PEOPLE + 2);
    let ids = with(|film| film["external_ids"]["imdb_id"] = json!("../../etc"));
    assert_eq!(ids.external_ids.len(), 1);
    // What is left out is named, never repeated.
    assert!(!serde_json::to_string(&ids.left_out).unwrap().contains("etc"));
}

#[test]
fn what_is_no_answer_to_the_question_is_not_read() {
    for document in [json!([]), json!("603"), json!({}), json!({"id": 604}), json!({"id": "603"}), Value::Null] {
        assert!(matches!(read(&document, TitleKind::Film, &id()), Err(FetchError::Unreadable(_))), "{document}");
    }
    let nameless = read_film(&json!({"id": 603}));
    assert_eq!(nameless.best_name(), None);
}

#[test]
fn an_answer_says_what_may_be_done_next() {
    let answer = |status: u16, after: Option<&str>| {
        let mut answer = Response::builder().status(status);
        if let Some(after) = after {
            answer = answer.header("retry-after", after);
        }
        document(&answer.body(Bytes::from_static(b"<html>")).unwrap()).unwrap_err()
    };
    assert_eq!(answer(404, None), FetchError::NotFound);
    assert_eq!(answer(429, Some("7")), FetchError::Busy(Some(Duration::from_secs(7))));
    for unclear in [None, Some("soon"), Some("-1"), Some("Wed, 21 Oct 2026 07:28:00 GMT")] {
        assert_eq!(answer(429, unclear), FetchError::Busy(None));
    }
    for status in [401, 403] {
        assert!(matches!(answer(status, None), FetchError::NoAccess(_)));
    }
    for status in [500, 502, 503, 504] {
        assert!(matches!(answer(status, None), FetchError::Unavailable(_)));
    }
    for status in [200, 301, 302, 400, 422] {
        assert!(matches!(answer(status, None), FetchError::Unreadable(_)));
    }
}

#[test]
fn only_a_number_is_an_id() {
    let tmdb = Tmdb::new(&Config { url: None }, Keys::fixed("{}"));
    for (text, is_one) in
        [("603", true), ("0", false), ("0603", false), ("tt0133093", false), ("99999999999", false), ("-1", false)]
    {
        assert_eq!(ExternalId::new(text).is_some_and(|id| tmdb.takes(&id)), is_one, "{text}");
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let member = prop_oneof![
            Just("id"),
            Just("name"),
            Just("job"),
            Just("data"),
            Just("overview"),
            Just("title"),
            Just("cast"),
            Just("crew"),
            Just("translations"),
            Just("iso_639_1"),
            Just("imdb_id"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(member.prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_stands_in_a_field_nothing_that_is_kept_is_wrong(
        field in prop_oneof![
            Just("title"), Just("original_title"), Just("overview"), Just("release_date"), Just("genres"), Just("credits"),
            Just("production_countries"), Just("translations"), Just("external_ids"),
        ],
        value in anything(),
    ) {
        let mut document = film();
        document[field] = value;
        let metadata = read_film(&document);
        for text in metadata.texts.values() {
            prop_assert!(text.name.as_ref().is_none_or(|name| Name::new(name.as_str()).is_some()));
        }
        prop_assert!(metadata.genres.len() <= MOST_GENRES && metadata.countries.len() <= MOST_COUNTRIES);
        prop_assert!(metadata.external_ids.contains_key(&Slug::new(NAME).unwrap()));
    }
}
