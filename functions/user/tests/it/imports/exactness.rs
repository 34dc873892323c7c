//! Undoing takes back exactly what the import wrote: over drawn states before it, and drawn changes after it.

use std::collections::BTreeMap;

use kernel::TitleId;
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::titles;

use super::{confirm, library, look, rows, send, undo};
use crate::{
    home::{Home, Person},
    library::LENGTH,
};

const NAMES: [&str; 5] = ["A", "B", "C", "D", "E"];
const CASES: usize = 25;

/// What a person does with the title of this number.
#[derive(Debug, Clone)]
enum Deed {
    Watch(usize),
    Rate(usize, u8),
    Unrate(usize),
    List(usize),
    Unlist(usize),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let title = || 0..NAMES.len();
    let deed = prop_oneof![
        title().prop_map(Deed::Watch),
        // Two ratings, so that the same one is given again.
        (title(), 7..9u8).prop_map(|(title, value)| Deed::Rate(title, value)),
        title().prop_map(Deed::Unrate),
        title().prop_map(Deed::List),
        title().prop_map(Deed::Unlist),
    ];
    proptest::collection::vec(deed, 0..8)
}

/// Items of a file of Trakt.
fn items() -> impl Strategy<Value = Vec<(usize, usize, u8, u8)>> {
    proptest::collection::vec((0..NAMES.len() + 1, 0..3usize, 7..9u8, 1..28u8), 1..12)
}

fn file(items: &[(usize, usize, u8, u8)]) -> String {
    let item = |(title, what, rating, day): &(usize, usize, u8, u8)| {
        let movie = json!({"title": NAMES.get(*title).unwrap_or(&"Nothing"), "year": 2000});
        let at = format!("2023-01-{day:02}T20:00:00Z");
        match what {
            0 => json!({"watched_at": at, "movie": movie}),
            1 => json!({"rated_at": at, "rating": rating, "movie": movie}),
            _ => json!({"listed_at": at, "movie": movie}),
        }
    };
    Value::from(items.iter().map(item).collect::<Vec<_>>()).to_string()
}

async fn act(home: &Home, person: &Person, titles: &[TitleId], deed: &Deed) {
    let token = person.viewer();
    let (list, rating) = (
        |title: usize| format!("/v1/watchlist/{}", titles[title]),
        |title: usize| format!("/v1/ratings/{}", titles[title]),
    );
    match deed {
        Deed::Watch(title) => return home.watch(person, titles[*title], LENGTH / 2.0, 5).await,
        Deed::Rate(title, value) => home.app.put(&rating(*title), &json!({"value": value})).token(&token).send().await,
        Deed::Unrate(title) => home.app.delete(&rating(*title)).token(&token).send().await,
        Deed::List(title) => home.app.put(&list(*title), &json!(null)).token(&token).send().await,
        Deed::Unlist(title) => home.app.delete(&list(*title)).token(&token).send().await,
    }
    .expect(204);
}

/// Which of the tables must have a row of a title that the person, and no import, has put there: the last word of the deeds.
fn owned(deeds: &[Deed], titles: &[TitleId]) -> BTreeMap<(String, String), bool> {
    let mut owned = BTreeMap::new();
    for deed in deeds {
        let (table, title, is_there) = match deed {
            Deed::Watch(title) => ("progress", title, true),
            Deed::Rate(title, _) => ("ratings", title, true),
            Deed::Unrate(title) => ("ratings", title, false),
            Deed::List(title) => ("watchlist", title, true),
            Deed::Unlist(title) => ("watchlist", title, false),
        };
        owned.insert((table.to_owned(), titles[*title].to_string()), is_there);
    }
    owned
}

/// The watchlist as whoever hears of its changes knows it.
async fn told(home: &Home, person: &Person) -> Vec<String> {
    let changes: i64 = sqlx::query_scalar("select watchlist_changes from profiles where id = $1")
        .bind(person.profile)
        .fetch_one(&home.service.pool())
        .await
        .unwrap();
    if changes == 0 {
        return Vec::new();
    }
    let mut events = home.service.events("domain-events", person.profile, usize::try_from(changes).unwrap()).await;
    events.retain(|event| event.kind == "cinema.user.watchlist_changed.v1");
    events.sort_by_key(|event| event.sequence);
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=changes).collect::<Vec<_>>());
    let mut listed = BTreeMap::new();
    for event in events {
        listed.insert(event.data["title_id"].as_str().unwrap().to_owned(), event.data["is_listed"] == json!(true));
    }
    listed.into_iter().filter(|(_, is_listed)| *is_listed).map(|(title, _)| title).collect()
}

#[tokio::test]
async fn an_undone_import_leaves_what_the_person_did_and_nothing_else() {
    let home = Home::start().await;
    let titles = library(&home, &NAMES).await;
    let trakt = || json!({"source": "trakt"});
    let (mut wrote, mut kept) = (0, 0);
    for (before, file, after) in titles::drawn((deeds(), items().prop_map(|items| file(&items)), deeds()), CASES) {
        let person = home.person().await;
        let token = person.viewer();
        for deed in &before {
            act(&home, &person, &titles, deed).await;
        }
        let prior = rows(&home, &person).await;

        // Looked at and given up: nothing has changed.
        let id = send(&home, &token, trakt(), &file).await;
        undo(&home, &token, &id).await;
        assert_eq!(rows(&home, &person).await, prior);

        // Confirmed, twice: what was there is there, each other row is the import's.
        let id = send(&home, &token, trakt(), &file).await;
        let preview = look(&home, &token, &id).await;
        let confirmed = confirm(&home, &token, &id).await;
        assert_eq!(confirm(&home, &token, &id).await, confirmed);
        let imported = rows(&home, &person).await;
        let (own, others): (Vec<_>, Vec<_>) = imported.iter().cloned().partition(|row| row.4.as_ref() == Some(&id));
        assert_eq!(others, prior);
        let written = &confirmed["written"];
        let count = |table: &str| own.iter().filter(|row| row.0 == table).count();
        let counts = json!({"history": count("history"), "ratings": count("ratings"), "watchlist": count("watchlist")});
        assert_eq!(*written, counts);
        assert!(own.len() <= usize::try_from(preview["import"]["counts"]["matched"].as_u64().unwrap()).unwrap());
        wrote += own.len();

        // Taken back at once: as before.
        undo(&home, &token, &id).await;
        assert_eq!(rows(&home, &person).await, prior);

        // Confirmed anew, the same file once more, and the person goes on.
        let id = send(&home, &token, trakt(), &file).await;
        confirm(&home, &token, &id).await;
        let second = send(&home, &token, trakt(), &file).await;
        let nothing = json!({"history": 0, "ratings": 0, "watchlist": 0});
        assert_eq!(confirm(&home, &token, &second).await["written"], nothing);
        for deed in &after {
            act(&home, &person, &titles, deed).await;
        }
        let touched = rows(&home, &person).await;
        let expected: Vec<_> = touched.iter().filter(|row| row.4.as_ref() != Some(&id)).cloned().collect();
        undo(&home, &token, &second).await;
        assert_eq!(rows(&home, &person).await, touched);
        for _ in 0..2 {
            undo(&home, &token, &id).await;
            let left = rows(&home, &person).await;
            assert_eq!(left, expected);
            assert!(left.iter().all(|row| row.4.is_none()));
            let has = |table: &str, title: &str| left.iter().any(|row| row.0 == table && row.1 == title);
            for ((table, title), is_there) in owned(&after, &titles) {
                assert_eq!(has(&table, &title), is_there, "{table} {title} {before:?} {file} {after:?}");
                kept += usize::from(is_there);
            }
            // What was there before, and nobody has taken away since, is there.
            for row in &prior {
                let is_gone = owned(&after, &titles).get(&(row.0.clone(), row.1.clone())) == Some(&false);
                assert!(is_gone || has(&row.0, &row.1), "{row:?}");
            }
        }
        let listed: Vec<_> =
            rows(&home, &person).await.into_iter().filter(|row| row.0 == "watchlist").map(|row| row.1).collect();
        let mut known = told(&home, &person).await;
        known.sort();
        assert_eq!(known, listed);
    }
    assert!(wrote > CASES && kept > CASES, "the drawn states say little: {wrote} {kept}");
}
