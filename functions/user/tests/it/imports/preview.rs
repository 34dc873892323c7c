//! What a file comes to: matches, misses, and why.

use kernel::TitleId;
use proto::catalog::TitleChanged;
use serde_json::{Value, json};

use super::{PATH, confirm, letterboxd, line, lines, look, of_year, send, watched};
use crate::{home::Home, library::part};

const HEAD: &str = "Date,Name,Year,Letterboxd URI\n";

/// A series of one season with two episodes.
async fn series(home: &Home, name: &str) -> (TitleId, Vec<TitleId>) {
    let series = home.title(&TitleChanged { kind: "series".to_owned(), asset: None, ..of_year(name, 2017) }).await;
    let season = home.title(&part("season", series, 1)).await;
    let mut episodes = Vec::new();
    for number in 1..=2 {
        episodes.push(home.title(&part("episode", season, number)).await);
    }
    (series, episodes)
}

#[tokio::test]
async fn netflix_films_and_episodes() {
    let home = Home::start().await;
    let person = home.person().await;
    let alien = home.title(&of_year("Alien", 1979)).await;
    let (_, episodes) = series(&home, "Dark").await;
    let file = "\u{feff}Title,Date\n\"Dark: Season 1: episode 2\",\"1/15/23\"\n\"Dark: Season 1: Episode 1\",\"1/14/23\"\n\
        Alien,1/2/23\nALIEN!,1/3/23\n\"=cmd|' /C calc'!A0\",1/3/23\nDark,1/3/23\nNobody: Season 1: Nothing,1/3/23\nAlien,never\n";
    let id = send(&home, &person.viewer(), json!({"source": "netflix"}), file).await;
    let ready = look(&home, &person.viewer(), &id).await;
    assert_eq!(
        lines(&ready),
        [
            line(2, "episode 2"),
            line(3, "episode 1"),
            line(5, "Alien"),
            line(6, "unknown_title"),
            line(7, "unknown_title"),
            line(8, "unknown_title"),
            line(9, "invalid_date"),
        ]
    );
    let counts = json!({"lines": 8, "matched": 3, "missed": 4, "duplicates": 1, "skipped": 0});
    assert_eq!(ready["import"]["counts"], counts);
    let items = ready["lines"]["items"].as_array().unwrap();
    assert_eq!(items[3]["text"], "'=cmd|' /C calc'!A0");
    assert_eq!(json!([items[2]["at"], items[2]["what"]]), json!(["2023-01-03T00:00:00Z", "watched"]));

    confirm(&home, &person.viewer(), &id).await;
    assert_eq!(home.titles(&person, "/v1/history").await, [episodes[1], episodes[0], alien]);
    let history = home.items(&person, "/v1/history").await;
    let told = |item: &Value| {
        json!([item["is_imported"], item["watched_seconds"], item["position_seconds"], item["duration_seconds"]])
    };
    assert_eq!(told(&history[0]), json!([true, 0.0, 0.0, 6000.0]));
    assert!(home.titles(&person, "/v1/continue-watching").await.is_empty());
}

#[tokio::test]
async fn trakt_lists_of_all_kinds() {
    let home = Home::start().await;
    let person = home.person().await;
    let alien = home.title(&of_year("Alien", 1979)).await;
    let (dark, episodes) = series(&home, "Dark").await;
    let (movie, show, at) =
        (json!({"title": "Alien", "year": 1979}), json!({"title": "Dark", "year": 2017}), "2023-01-02T20:11:12.000Z");
    let file = json!({
        "history": [
            {"watched_at": at, "type": "movie", "movie": movie},
            {"watched_at": at, "type": "episode", "show": show, "episode": {"season": 1, "number": 2}},
            {"watched_at": at, "type": "episode", "show": show, "episode": {"season": 7, "number": 2}},
        ],
        "ratings": [{"rated_at": at, "rating": 9, "movie": movie}, {"rated_at": at, "rating": 8, "show": show}],
        "watchlist": [{"listed_at": at, "show": show}, {"listed_at": at, "movie": {"title": "Alien", "year": 1999}}, 7],
    });
    let id = send(&home, &person.viewer(), json!({"source": "trakt"}), file.to_string()).await;
    let ready = look(&home, &person.viewer(), &id).await;
    assert_eq!(
        lines(&ready),
        [
            line(1, "Alien"),
            line(2, "episode 2"),
            line(3, "unknown_title"),
            line(4, "Alien"),
            line(5, "Dark"),
            line(6, "Dark"),
            line(7, "unknown_title"),
            line(8, "unreadable"),
        ]
    );
    let confirmed = confirm(&home, &person.viewer(), &id).await;
    assert_eq!(confirmed["written"], json!({"history": 2, "ratings": 2, "watchlist": 1}));
    // Both at one moment: by their ids.
    let mut watched = home.titles(&person, "/v1/history").await;
    watched.sort();
    let mut expected = vec![alien, episodes[1]];
    expected.sort();
    assert_eq!(watched, expected);
    assert_eq!(home.titles(&person, "/v1/watchlist").await, [dark]);
    let listed = home.items(&person, "/v1/watchlist").await;
    assert_eq!(listed[0]["added_at"], "2023-01-02T20:11:12Z");
    let events = home.service.events("domain-events", person.profile, 1).await;
    let told: Vec<_> = events.iter().filter(|event| event.kind == "cinema.user.watchlist_changed.v1").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(json!([told[0].data["title_id"], told[0].data["is_listed"]]), json!([dark, true]));
}

#[tokio::test]
async fn windows_1251_and_utf16_are_read() {
    let home = Home::start().await;
    let person = home.person().await;
    home.title(&of_year("Ирония судьбы", 1975)).await;
    let text = "Название;Дата\r\nИрония судьбы;31.12.22\r\nНеизвестное кино;01.01.23\r\n";
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let windows: Vec<u8> = text.chars().map(of_windows_1251).collect();
    for file in [utf16, windows, text.as_bytes().to_vec()] {
        let id = send(&home, &person.viewer(), json!({"source": "netflix"}), file).await;
        let ready = look(&home, &person.viewer(), &id).await;
        assert_eq!(lines(&ready), [line(2, "Ирония судьбы"), line(3, "unknown_title")]);
        super::undo(&home, &person.viewer(), &id).await;
    }
}

fn of_windows_1251(letter: char) -> u8 {
    match letter {
        'А'..='я' => u8::try_from(u32::from(letter) - u32::from('А') + 0xc0).unwrap(),
        _ => u8::try_from(letter).unwrap(),
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let home = Home::start().await;
    let person = home.person().await;
    let two = "Profile Name,Start Time,Title\nAnna,2023-01-02 20:11:12,Alien\nBoris,2023-01-02 20:11:12,Alien\n";
    let netflix = json!({"source": "netflix"});
    for (body, file, reason) in [
        (netflix.clone(), b"".to_vec(), "empty_file"),
        (netflix.clone(), b"Title,Date\n".to_vec(), "empty_file"),
        (netflix.clone(), b"a,b\n1,2\n".to_vec(), "wrong_columns"),
        (netflix.clone(), b"PK\x03\x04\0\0".to_vec(), "unknown_encoding"),
        (netflix.clone(), b"Title,Date\nAm\xe9lie,1/2/23\n".to_vec(), "unknown_encoding"),
        (netflix.clone(), two.as_bytes().to_vec(), "several_profiles"),
        (json!({"source": "netflix", "source_profile": "Clara"}), two.as_bytes().to_vec(), "no_such_source_profile"),
        (json!({"source": "trakt"}), b"{\"movies\": 7}".to_vec(), "wrong_shape"),
        (json!({"source": "trakt"}), b"<html>".to_vec(), "not_json"),
        (letterboxd("watched"), format!("{HEAD}{}", watched("x", 2000).repeat(50_001)).into_bytes(), "too_many_lines"),
    ] {
        let id = send(&home, &person.viewer(), body, file).await;
        let refused = look(&home, &person.viewer(), &id).await;
        assert_eq!(
            json!([refused["import"]["status"], refused["import"]["refused"]["reason"]]),
            json!(["refused", reason])
        );
        assert!(refused["import"]["refused"]["detail"].as_str().unwrap().ends_with('.'));
        assert_eq!(refused["lines"], json!({"items": []}), "{reason}");
    }
}

#[tokio::test]
async fn more_bytes_than_were_announced_are_not_read() {
    let home = Home::start().await;
    let person = home.person().await;
    let large = format!("Title,Date\n{}", "x".repeat(20 * 1024 * 1024));
    let (id, _) = super::begin(&home, &person.viewer(), &json!({"source": "netflix", "size": 9})).await;
    super::files(&home).put(&super::key(&id), large.clone().into_bytes(), "text/csv", None).await.unwrap();
    // The notification may not tell the truth.
    assert_eq!(super::tell_file(&home, &id, 9).await, events::Outcome::Done);
    let refused = look(&home, &person.viewer(), &id).await;
    assert_eq!(refused["import"]["refused"]["reason"], "file_too_large");
    assert!(!super::has_file(&home, &id).await);
}

#[tokio::test]
async fn what_a_profile_may_not_see_is_as_unknown_as_what_is_not_there() {
    let home = Home::start().await;
    let person = home.person().await;
    let adult = home.title(&TitleChanged { rating: Some(18), ..of_year("Heat", 1995) }).await;
    home.title(&TitleChanged { publication: "draft".to_owned(), ..of_year("Draft", 1995) }).await;
    // A second film of the name does not make it ambiguous for whoever may not see it.
    home.title(&TitleChanged { rating: Some(18), ..of_year("Alien", 1979) }).await;
    let alien = home.title(&TitleChanged { rating: Some(6), ..of_year("Alien", 1979) }).await;
    let file = format!(
        "{HEAD}{}{}{}{}",
        watched("Heat", 1995),
        watched("Draft", 1995),
        watched("Nothing", 1995),
        watched("Alien", 1979)
    );
    let child = person.viewer().max_rating(12);
    let id = send(&home, &child, letterboxd("watched"), &file).await;
    let expected = [line(2, "unknown_title"), line(3, "unknown_title"), line(4, "unknown_title"), line(5, "Alien")];
    let seen = look(&home, &child, &id).await;
    assert_eq!(lines(&seen), expected);
    let items = seen["lines"]["items"].as_array().unwrap();
    let shape = |item: &Value| {
        let mut item = item.clone();
        item["line"] = json!(0);
        item["text"] = json!("");
        item
    };
    assert_eq!(shape(&items[0]), shape(&items[2]));
    assert_eq!(seen["import"]["counts"]["matched"], 1);
    super::undo(&home, &child, &id).await;

    // Matched by somebody who may see it, looked at and confirmed by somebody who may not.
    let id = send(&home, &person.viewer(), letterboxd("watched"), &file).await;
    assert_eq!(lines(&look(&home, &person.viewer(), &id).await)[0], line(2, "Heat"));
    assert_eq!(lines(&look(&home, &person.viewer(), &id).await)[3], line(5, "ambiguous"));
    let seen = look(&home, &child, &id).await;
    assert_eq!(lines(&seen)[0], line(2, "unknown_title"));
    assert_eq!(shape(&seen["lines"]["items"][0]), shape(&items[2]));
    assert_eq!(json!([seen["import"]["counts"]["matched"], seen["import"]["counts"]["missed"]]), json!([0, 4]));
    assert_eq!(confirm(&home, &child, &id).await["written"], json!({"history": 0, "ratings": 0, "watchlist": 0}));
    assert!(home.titles(&person, "/v1/history").await.is_empty());
    let _ = (adult, alien);
}

#[tokio::test]
async fn lines_come_page_by_page() {
    let home = Home::start().await;
    let person = home.person().await;
    super::library(&home, &["A", "B", "C"]).await;
    let rows = ["A", "x", "B", "y", "C", "z"].map(|name| watched(name, 2000)).concat();
    let id = send(&home, &person.viewer(), letterboxd("watched"), format!("{HEAD}{rows}")).await;
    for (show, expected) in
        [("", vec![2, 3, 4, 5, 6, 7]), ("show=matches&", vec![2, 4, 6]), ("show=misses&", vec![3, 5, 7])]
    {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("{PATH}/{id}?{show}limit=2{cursor}");
            let page = home.app.get(&path).token(&person.viewer()).send().await.expect(200);
            found.extend(lines(&page).into_iter().map(|(line, _)| line));
            let Some(next) = page["lines"]["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, expected, "{show}");
    }
    home.app
        .get(&format!("{PATH}/{id}?show=all"))
        .token(&person.viewer())
        .send()
        .await
        .expect_problem(422, "invalid_request");
    home.app
        .get(&format!("{PATH}/{id}?cursor=x"))
        .token(&person.viewer())
        .send()
        .await
        .expect_problem(400, "invalid_cursor");
}
