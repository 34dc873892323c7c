use serde_json::{Value, json};
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);

fn contents(text: &Value) -> Contents {
    read(text.to_string().as_bytes(), NOW).unwrap()
}

fn told(text: &Value) -> Vec<(u32, What, String, Option<i16>)> {
    let entries = contents(text).entries;
    entries.into_iter().map(|entry| (entry.line, entry.what, entry.text, entry.value)).collect()
}

#[test]
fn each_list_says_its_own() {
    let movie = json!({"title": "Alien", "year": 1979, "ids": {"trakt": 295, "imdb": "tt0078748"}});
    let show = json!({"title": "Dark", "year": 2017, "ids": {"trakt": 119_913}});
    let at = "2023-01-02T20:11:12.000Z";
    let history = json!([
        {"id": 1, "watched_at": at, "action": "watch", "type": "movie", "movie": movie},
        {"id": 2, "watched_at": at, "action": "watch", "type": "episode", "show": show, "episode": {"season": 1, "number": 2, "title": "Lies", "ids": {}}},
    ]);
    let ratings = json!([
        {"rated_at": at, "rating": 9, "type": "movie", "movie": movie},
        {"rated_at": at, "rating": 8, "type": "season", "season": {"number": 2}, "show": show},
    ]);
    let watchlist = json!([{"rank": 1, "listed_at": at, "type": "show", "show": show, "notes": null}]);
    let whole = json!({"user": {"name": "Anna", "ids": [1]}, "version": 1, "history": history, "ratings": ratings, "watchlist": watchlist});
    assert_eq!(
        told(&whole),
        [
            (1, What::Watched, "Alien".to_owned(), None),
            (2, What::Watched, "Dark 1×2".to_owned(), None),
            (3, What::Rated, "Alien".to_owned(), Some(9)),
            (4, What::Rated, "Dark 2".to_owned(), Some(8)),
            (5, What::Listed, "Dark".to_owned(), None),
        ]
    );
    assert_eq!(told(&history), told(&whole)[..2]);
    let watched = json!([{"plays": 3, "last_watched_at": at, "show": show, "seasons": [
        {"number": 1, "episodes": [{"number": 1, "plays": 2, "last_watched_at": at}, {"number": 2, "plays": 1}]}]}]);
    assert_eq!(
        told(&watched),
        [(1, What::Watched, "Dark 1×1".to_owned(), None), (1, What::Watched, "Dark 1×2".to_owned(), None)]
    );
    assert_eq!(contents(&json!([{"collected_at": at, "movie": movie}])).skipped, 1);
}

#[test]
fn wrong_items_are_told_and_the_others_read() {
    let at = "2023-01-02T20:11:12Z";
    let movie = json!({"title": "=1+1", "year": 1979});
    let items = json!([
        7, null, "text", [], {"movie": 3}, {"watched_at": at}, {"watched_at": "soon", "movie": movie},
        {"rated_at": at, "rating": 11, "movie": movie}, {"rated_at": at, "rating": 7.5, "movie": movie},
        {"rated_at": at, "movie": movie}, {"watched_at": at, "movie": {"title": ""}}, {"watched_at": at, "movie": movie},
    ]);
    let read = contents(&items);
    let reasons: Vec<_> = read.faults.iter().map(|fault| (fault.line, fault.reason)).collect();
    let (unreadable, rating) = (Reason::Unreadable, Reason::InvalidRating);
    let expected = [
        (1, unreadable),
        (2, unreadable),
        (3, unreadable),
        (4, unreadable),
        (5, unreadable),
        (6, unreadable),
        (7, Reason::InvalidDate),
        (8, rating),
        (9, rating),
        (10, rating),
        (11, unreadable),
    ];
    assert_eq!(reasons, expected);
    assert_eq!((read.entries.len(), read.entries[0].text.as_str()), (1, "'=1+1"));
}

#[test]
fn depth_is_no_way_to_fall() {
    for text in
        ["[".repeat(100_000), format!("[{}", "{\"a\":".repeat(100_000)), format!("{{\"a\":{}", "[".repeat(100_000))]
    {
        assert!(read(text.as_bytes(), NOW).is_err());
    }
}
