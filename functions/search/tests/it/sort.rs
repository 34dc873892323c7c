use std::collections::BTreeSet;

use collation::Order;
use kernel::{Languages, World};
use serde_json::{Value, json};
use testkit::{Answer, App};

use crate::library::{Library, event, film, id, named, names, path};

/// Each is found by the person.
fn shelf() -> Vec<Value> {
    let people = &["Anna Petrova"];
    let mut titles = vec![
        named("Yellow", "Яблоко", people),
        named("Fir Trees 10", "Ёлки 10", people),
        named("Fir Trees 2", "Ёлки 2", people),
        named("Ärger", "Ель", people),
        named("Alien", "Чужой", people),
        named("Zulu", "Зулусы", people),
    ];
    for (title, (year, month)) in titles.iter_mut().zip([(2010, 3), (0, 1), (1999, 2), (2024, 6), (1999, 5), (2010, 4)])
    {
        title["year"] = json!(year);
        title["published_at"] = json!(format!("2026-0{month}-01T00:00:00Z"));
    }
    // A name in one language only, which all readers see.
    titles[5]["localisations"] = json!([{"locale": "en", "name": "Zulu"}]);
    titles
}

async fn ask(app: &App, sort: &str, reader: &str, limit: &str, cursor: &str) -> Answer {
    let mut parameters = vec![("q", "petrova"), ("sort", sort), ("limit", limit)];
    if !cursor.is_empty() {
        parameters.push(("cursor", cursor));
    }
    app.get(&path(&parameters)).header("accept-language", reader).send().await
}

/// All names, page by page, each page from the next of the engines.
async fn walk(apps: &[&App], sort: &str, reader: &str, limit: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for app in apps.iter().cycle() {
        let page = ask(app, sort, reader, limit, &cursor).await.expect(200);
        found.extend(names(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    found
}

#[tokio::test]
async fn both_engines_sort_alike_and_take_turns() {
    let library = Library::with(&shelf()).await;
    let degraded = library.without_engine();
    let russian = ["Ёлки 2", "Ёлки 10", "Ель", "Чужой", "Яблоко", "Zulu"];
    let english = ["Alien", "Ärger", "Fir Trees 2", "Fir Trees 10", "Yellow", "Zulu"];
    let swedish = ["Alien", "Fir Trees 2", "Fir Trees 10", "Yellow", "Zulu", "Ärger"];
    let newest = ["Ärger", "Alien", "Zulu", "Yellow", "Fir Trees 2", "Fir Trees 10"];
    let year = ["Ärger", "Zulu", "Yellow", "Alien", "Fir Trees 2", "Fir Trees 10"];
    for (sort, reader, expected) in [
        ("title", "ru-RU, en;q=0.5", russian),
        ("title", "en", english),
        ("title", "sv", swedish),
        ("newest", "en", newest),
        ("year", "en", year),
    ] {
        for apps in [&[&library.app][..], &[&degraded], &[&library.app, &degraded], &[&degraded, &library.app]] {
            for limit in ["1", "2", "100"] {
                assert_eq!(walk(apps, sort, reader, limit).await, expected, "{sort} {reader} {limit}");
            }
        }
        let page = ask(&library.app, sort, reader, "2", "").await.expect(200);
        assert_eq!((&page["degraded"], &page["total"]), (&json!(false), &json!(6)), "{sort}");
    }
    library.close().await;
}

#[tokio::test]
async fn a_cursor_fits_only_its_order_and_its_reader() {
    let library = Library::with(&shelf()).await;
    for app in [&library.app, &library.without_engine()] {
        for (sort, others) in [("title", ["newest", "relevance"]), ("newest", ["year", "title"])] {
            let page = ask(app, sort, "en", "2", "").await.expect(200);
            let cursor = page["next_cursor"].as_str().unwrap();
            ask(app, sort, "en", "2", cursor).await.expect(200);
            for other in others {
                ask(app, other, "en", "2", cursor).await.expect_problem(400, "invalid_cursor");
            }
            let in_russian = ask(app, sort, "ru", "2", cursor).await;
            if sort == "title" {
                in_russian.expect_problem(400, "invalid_cursor");
            } else {
                in_russian.expect(200);
            }
        }
        for unknown in ["", "best", "Title", "title desc", "_score"] {
            ask(app, unknown, "en", "2", "").await.expect_problem(422, "invalid_request");
        }
    }
    library.close().await;
}

#[tokio::test]
async fn what_appears_while_somebody_pages_repeats_and_hides_nothing() {
    let library = Library::with(&shelf()).await;
    let first = ask(&library.app, "title", "en", "3", "").await.expect(200);
    assert_eq!(names(&first), ["Alien", "Ärger", "Fir Trees 2"]);
    let newcomer = named("Aardvark", "Трубкозуб", &["Anna Petrova"]);
    library.deliver(vec![event(id(100), 1, &newcomer)]).await;
    library.refresh().await;
    for app in [&library.app, &library.without_engine()] {
        let second = ask(app, "title", "en", "3", first["next_cursor"].as_str().unwrap()).await.expect(200);
        assert_eq!(names(&second), ["Fir Trees 10", "Yellow", "Zulu"]);
        assert_eq!((&second["total"], second.get("next_cursor")), (&json!(7), None));
    }
    library.close().await;
}

#[tokio::test]
async fn a_misspelt_word_is_put_right_whatever_the_order() {
    let library = Library::with(&[film("Sintel"), film("Another Sintel"), film("Zebra")]).await;
    for app in [&library.app, &library.without_engine()] {
        for sort in ["relevance", "title", "newest", "year"] {
            let page = app.get(&path(&[("q", "sintl"), ("sort", sort)])).send().await.expect(200);
            assert_eq!((&page["did_you_mean"], &page["total"]), (&json!("sintel"), &json!(2)), "{sort}: {page}");
        }
        let page = app.get(&path(&[("q", "sintl"), ("sort", "title")])).send().await.expect(200);
        assert_eq!(names(&page), ["Another Sintel", "Sintel"]);
    }
    library.close().await;
}

/// Names as people give them, drawn from pieces of several alphabets.
#[tokio::test]
async fn any_names_are_in_the_collators_order() {
    const PIECES: [&str; 12] = ["Ёж", "ель", "Zebra", "ära", "Øl", "12", "2", "иду", "Йод", "łąka", "’", "-"];
    let (world, _) = World::replay(World::system().now(), 7);
    let word = || (0..=world.below(2)).map(|_| PIECES[world.below(12) as usize]).collect::<Vec<_>>().join(" ");
    let locales = ["en", "ru", "sv", "pl"];
    let titles: Vec<Value> = (0..60)
        .map(|_| {
            let mut title = named("x", "x", &["Anna Petrova"]);
            let with: BTreeSet<&str> = (0..=world.below(2)).map(|_| locales[world.below(4) as usize]).collect();
            title["localisations"] =
                with.into_iter().map(|locale| json!({"locale": locale, "name": format!("N {}", word())})).collect();
            title
        })
        .collect();
    let library = Library::with(&titles).await;
    let degraded = library.without_engine();
    for reader in ["en", "ru", "sv-SE, ru;q=0.3", "pl", "ja"] {
        let order = Order::of(&Languages::accepted(reader)).unwrap();
        let found = walk(&[&library.app], "title", reader, "7").await;
        assert_eq!(found.len(), titles.len(), "{reader}");
        let keys: Vec<String> = found.iter().map(|name| order.key(name)).collect();
        assert!(keys.is_sorted(), "{reader}: {found:?}");
        assert_eq!(walk(&[&degraded, &library.app], "title", reader, "7").await, found, "{reader}");
    }
    library.close().await;
}
