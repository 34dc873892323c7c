use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::Tick;
use serde_json::{Value, json};

use crate::studio::{Studio, draft, id_of};

/// A series needs no film.
async fn series(studio: &Studio, names: Value) -> String {
    let mut body = draft("Оригинал");
    (body["kind"], body["localisations"]) = (json!("series"), names);
    let id = id_of(&studio.create(&body).await);
    studio.publish(&id, &json!({"rating": 0})).await.expect(200);
    id
}

/// All names in the order of the list, read `limit` at a time.
async fn listed(studio: &Studio, language: &str, limit: usize) -> Vec<String> {
    let mut names = vec![];
    let mut path = format!("/v1/titles?sort=title&limit={limit}");
    loop {
        let page = studio.app.get(&path).header("accept-language", language).send().await.expect(200);
        names.extend(page["items"].as_array().unwrap().iter().map(|card| card["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { return names };
        path = format!("/v1/titles?sort=title&limit={limit}&cursor={cursor}");
    }
}

async fn refresh(studio: &Studio) {
    let consumer = catalog::operations::consumers::refresh_sort_keys(&studio.service.boot()).unwrap();
    let outcome = consumer.consume(Tick { time: None }, &Deadline::unlimited(World::system())).await;
    assert_eq!(outcome, Outcome::Done);
}

const RUSSIAN: [&str; 8] = ["12", "1917", "Ежи", "Ёлки 2", "Ёлки 10", "Яблоко", "Alien", "Zulu"];

async fn library() -> Studio {
    let studio = Studio::open().await;
    for (russian, english) in [
        ("Яблоко", "Apple"),
        ("Ёлки 10", "Yolki 10"),
        ("Ежи", "élan"),
        ("Ёлки 2", "Yolki 2"),
        ("1917", "1917"),
        ("12", "12"),
    ] {
        series(&studio, json!({"ru": {"name": russian}, "en": {"name": english}})).await;
    }
    // What has no Russian name is shown, and therefore sorted, by another.
    series(&studio, json!({"en": {"name": "Zulu"}})).await;
    series(&studio, json!({"de": {"name": "Alien"}})).await;
    studio
}

#[tokio::test]
async fn a_list_by_name_is_in_the_order_of_its_reader() {
    let studio = library().await;
    for limit in [100, 1, 3] {
        assert_eq!(listed(&studio, "ru", limit).await, RUSSIAN, "{limit}");
        let english = ["12", "1917", "Alien", "Apple", "élan", "Yolki 2", "Yolki 10", "Zulu"];
        assert_eq!(listed(&studio, "en-GB", limit).await, english, "{limit}");
    }
    // A new name has a new place.
    let renamed = series(&studio, json!({"ru": {"name": "Ящик"}})).await;
    studio.patch(&renamed, &json!({"localisations": {"ru": {"name": "Абрикос"}}})).await.expect(200);
    let expected: Vec<_> = RUSSIAN[..2].iter().chain(&["Абрикос"]).chain(&RUSSIAN[2..]).copied().collect();
    assert_eq!(listed(&studio, "ru", 2).await, expected);
}

#[tokio::test]
async fn genres_are_in_the_order_of_their_reader() {
    let studio = Studio::open().await;
    let rename = r#"update genres set names = jsonb_build_object('ru', 'Ёлка', 'en', 'éclair') where slug = 'western'"#;
    sqlx::query(rename).execute(&studio.service.pool()).await.unwrap();
    for (language, before, name, after) in [("ru", "Драма", "Ёлка", "Исто"), ("en", "Drama", "éclair", "Experimental")]
    {
        let genres = studio.app.get("/v1/genres").header("accept-language", language).send().await.expect(200);
        let names: Vec<_> =
            genres["items"].as_array().unwrap().iter().map(|genre| genre["name"].as_str().unwrap()).collect();
        let at = names.iter().position(|other| *other == name).unwrap();
        assert_eq!(names[at - 1], before, "{names:?}");
        assert!(names[at + 1].starts_with(after), "{names:?}");
    }
}

#[tokio::test]
async fn titles_of_before_and_of_another_version_get_their_keys() {
    let studio = library().await;
    let pool = studio.service.pool();
    for older in ["sort_version = 0, sort_keys = '{}'", "sort_version = 77, sort_keys = '{\"\": {\"\": \"00\"}}'"] {
        let forget = format!("update titles set {older} where names->>'ru' in ('12', 'Ёлки 2')");
        sqlx::query(sqlx::AssertSqlSafe(forget)).execute(&pool).await.unwrap();
        // Nothing is missing meanwhile, and what has a key is in order.
        for limit in [100, 3] {
            let waiting = listed(&studio, "ru", limit).await;
            assert_eq!(waiting, ["1917", "Ежи", "Ёлки 10", "Яблоко", "Alien", "Zulu", "12", "Ёлки 2"], "{older}");
        }
        refresh(&studio).await;
        assert_eq!(listed(&studio, "ru", 3).await, RUSSIAN, "{older}");
    }
    let versions = "select count(distinct xmin::text) from titles";
    let before: i64 = sqlx::query_scalar(versions).fetch_one(&pool).await.unwrap();
    refresh(&studio).await;
    assert_eq!(sqlx::query_scalar::<_, i64>(versions).fetch_one(&pool).await.unwrap(), before, "nothing is left to do");
}
