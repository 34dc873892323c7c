//! Undoing takes back exactly what the import wrote: over drawn states before it, and drawn changes after it.

use std::collections::{BTreeMap, BTreeSet};

use events::{TitleRecord, WatchlistChange};
use kernel::TitleId;
use proptest::prelude::*;
use proto::types;
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

/// What whoever hears of a person's changes knows.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    watchlist: BTreeSet<String>,
    /// Stars, and whether it was seen elsewhere, of what is on record.
    records: BTreeMap<String, (u64, bool)>,
}

async fn told(home: &Home, person: &Person) -> Known {
    let (lists, records): (i64, i64) =
        sqlx::query_as("select watchlist_changes, record_changes from profiles where id = $1")
            .bind(person.profile)
            .fetch_one(&home.service.pool())
            .await
            .unwrap();
    let mut known = Known { watchlist: BTreeSet::new(), records: BTreeMap::new() };
    let mut events =
        home.service.events("domain-events", person.profile, usize::try_from(lists + records).unwrap()).await;
    events.sort_by_key(|event| event.sequence);
    for (kind, count) in [(types::WATCHLIST_CHANGED, lists), (types::TITLE_RECORD_CHANGED, records)] {
        let numbers = events.iter().filter(|event| event.kind == kind).map(|event| event.sequence);
        assert_eq!(numbers.collect::<Vec<_>>(), (1..=count).collect::<Vec<_>>(), "{kind}");
    }
    for event in &events {
        match event.kind.as_str() {
            types::WATCHLIST_CHANGED => {
                let change = WatchlistChange::read(event).unwrap();
                known.watchlist.remove(&change.title.to_string());
                known.watchlist.extend(change.is_listed.then(|| change.title.to_string()));
            }
            types::TITLE_RECORD_CHANGED => {
                let record = TitleRecord::read(event).unwrap();
                let says = (record.stars.unwrap_or_default().into(), record.seen_elsewhere_at.is_some());
                known.records.insert(record.title.to_string(), says);
            }
            _ => {}
        }
    }
    known.records.retain(|_, says| *says != (0, false));
    known
}

/// The same as the tables have it.
async fn stored(home: &Home, person: &Person) -> Known {
    let pool = home.service.pool();
    let watchlist = sqlx::query_scalar("select title_id from watchlist where profile_id = $1").bind(person.profile);
    let records: Vec<(String, i16, bool)> = sqlx::query_as(
        "select title_id, coalesce(value, 0::smallint), watched_at is not null from \
         (select * from ratings where profile_id = $1) r full join (select * from imported_viewings where profile_id = $1) i using (title_id)",
    )
    .bind(person.profile)
    .fetch_all(&pool)
    .await
    .unwrap();
    Known {
        watchlist: watchlist.fetch_all(&pool).await.unwrap().into_iter().collect(),
        records: records.into_iter().map(|(title, stars, seen)| (title, (stars.try_into().unwrap(), seen))).collect(),
    }
}

#[tokio::test]
async fn whoever_hears_of_an_erased_history_knows_that_nothing_was_seen_elsewhere() {
    let home = Home::start().await;
    library(&home, &NAMES).await;
    let (one, all) = (home.person().await, home.person().await);
    for person in [&one, &all] {
        let seen: Vec<_> = (0..3).map(|title| (title, 0, 7, 1)).chain([(0, 1, 8, 2)]).collect();
        let id = send(&home, &person.viewer(), json!({"source": "trakt"}), &file(&seen)).await;
        confirm(&home, &person.viewer(), &id).await;
        let known = told(&home, person).await;
        assert_eq!(known.records.values().filter(|(_, seen)| *seen).count(), 3, "{known:?}");
    }
    let rated = told(&home, &one).await.records.into_iter().find(|(_, (stars, _))| *stars > 0).unwrap().0;
    home.app.delete(&format!("/v1/history/{rated}")).token(&one.viewer()).send().await.expect(202);
    home.app.delete("/v1/history").token(&all.viewer()).send().await.expect(202);
    for (person, seen) in [(&one, 2), (&all, 0)] {
        let known = told(&home, person).await;
        assert_eq!(known, stored(&home, person).await);
        assert_eq!(known.records.values().filter(|(_, seen)| *seen).count(), seen);
        assert_eq!(known.records[&rated], (8, false), "a rating is no history");
    }
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
        assert_eq!(told(&home, &person).await, stored(&home, &person).await);
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
        assert_eq!(told(&home, &person).await, stored(&home, &person).await);
    }
    assert!(wrote > CASES && kept > CASES, "the drawn states say little: {wrote} {kept}");
}
