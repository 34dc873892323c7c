//! A large catalogue of made-up series, by the way that editors take. Series: a film is public only with its file.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use engines::{Home, progress::Progress};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use simulation::{MadeUpTitle, MadeUpTitles};

use crate::{client::Cinema, soak::caught_up};

const SEED: u64 = 20_000;
/// Titles that are on their way at the same time.
const AT_ONCE: usize = 4;
/// Who hears of titles catches up after so many: the local stream keeps 10,000 records, of which a title makes two.
const BETWEEN_PAUSES: usize = 1_000;
/// A sign of life where there is no terminal.
const SAID_EVERY: Duration = Duration::from_secs(30);
/// Begins the slug of every made-up title, before its number.
const SLUG: &str = "made-up-";
const GENRES: [&str; 7] = ["drama", "comedy", "thriller", "crime", "fantasy", "romance", "documentary"];
const COUNTRIES: [&str; 5] = ["DE", "FR", "GB", "JP", "US"];
const RATINGS: [u8; 5] = [0, 6, 12, 16, 18];
/// What nobody has changed since it was made.
const FIRST_VERSION: &str = "\"1\"";

/// Makes and publishes made-up titles until there are `count`; those that an earlier run has made count.
pub(crate) async fn fill(home: &Home, editor: &Cinema, count: usize, progress: &Progress) -> Result<()> {
    let task = progress.task("made-up titles");
    let first = first_missing(newest(editor).await?);
    task.steps(count as u64);
    task.at(first.min(count) as u64);
    let (begun, mut said) = (Instant::now(), Instant::now());
    let mut titles = MadeUpTitles::new(SEED).enumerate().take(count).skip(first);
    let mut done = first;
    loop {
        let some: Vec<_> = titles.by_ref().take(BETWEEN_PAUSES).collect();
        if some.is_empty() {
            break;
        }
        let mut made = std::pin::pin!(make_all(editor, some));
        while made.try_next().await?.is_some() {
            done += 1;
            task.step();
            let pace = format!("{:.0} a second", (done - first) as f64 / begun.elapsed().as_secs_f64());
            if said.elapsed() > SAID_EVERY {
                said = Instant::now();
                task.heartbeat(&format!("{done} of {count}, {pace}"));
            }
            task.note(pace);
        }
        task.note("others catch up");
        caught_up(home).await?;
    }
    let pace = (done - first) as f64 / begun.elapsed().as_secs_f64();
    task.done(format!("{count}, {pace:.0} a second"));
    Ok(())
}

/// The first number that a run may have left undone whose newest title has this number: no title is begun before the one [`AT_ONCE`] places before
/// it is done.
fn first_missing(newest: Option<usize>) -> usize {
    newest.map_or(0, |newest| (newest + 1).saturating_sub(AT_ONCE))
}

/// The number of the made-up title that was made last.
async fn newest(editor: &Cinema) -> Result<Option<usize>> {
    find(editor, "", |card| number_of(card["slug"].as_str()?)).await
}

/// Whether a title was made here: it has no episodes.
pub(crate) fn is_made_up(slug: &str) -> bool {
    number_of(slug).is_some()
}

fn slug_of(number: usize) -> String {
    format!("{SLUG}{number}")
}

fn number_of(slug: &str) -> Option<usize> {
    slug.strip_prefix(SLUG)?.parse().ok()
}

/// What fits first among the cards of all titles, the newest first.
async fn find<T>(editor: &Cinema, filter: &str, fits: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
    let mut cursor = String::new();
    loop {
        let page = editor.get(&format!("/v1/admin/titles?limit=100{filter}{cursor}")).await?;
        let cards = page["items"].as_array().context("no list of titles")?;
        if let Some(found) = cards.iter().find_map(&fits) {
            return Ok(Some(found));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(None),
        }
    }
}

/// Makes titles in the order of their numbers, some at the same time; an item for each one that is done.
fn make_all(editor: &Cinema, titles: Vec<(usize, MadeUpTitle)>) -> impl futures::Stream<Item = Result<()>> {
    stream::iter(titles)
        .map(async |(number, title)| {
            let made = make(editor, number, &title).await;
            made.with_context(|| format!("the made-up title {number}"))
        })
        .buffered(AT_ONCE)
}

/// Makes and publishes one title, unless that has happened. What an editor has changed since is left as it is.
async fn make(editor: &Cinema, number: usize, title: &MadeUpTitle) -> Result<()> {
    let path = "/v1/admin/titles";
    let key = format!("seed-{}", slug_of(number));
    let (status, answer) =
        editor.raw(Method::POST, path, Some(&draft(number, title)), &[("idempotency-key", &key)]).await?;
    let id = match (status, answer["code"].as_str()) {
        (200..300, _) => answer["id"].as_str().map(str::to_owned).context("the new title has no id")?,
        // Made so long ago that the key is forgotten: it is public, or still a draft.
        (409, Some("slug_taken")) => {
            let slug = slug_of(number);
            let is_it = |card: &Value| card["id"].as_str().filter(|_| card["slug"] == *slug).map(str::to_owned);
            match find(editor, "&state=draft", is_it).await? {
                Some(id) => id,
                None => return Ok(()),
            }
        }
        _ => bail!("{path}: {status} {answer}"),
    };
    let path = format!("/v1/admin/titles/{id}/publish");
    let rating = json!({ "rating": RATINGS[number % RATINGS.len()] });
    let (status, answer) = editor.raw(Method::POST, &path, Some(&rating), &[("if-match", FIRST_VERSION)]).await?;
    match status {
        // 412: another version is there, 404: an editor has deleted it.
        200..300 | 404 | 412 => Ok(()),
        _ => bail!("{path}: {status} {answer}"),
    }
}

fn draft(number: usize, title: &MadeUpTitle) -> Value {
    let [director, first, second] = &title.people;
    json!({
        "kind": "series", "slug": slug_of(number), "original_title": title.original, "year": title.year,
        "countries": [COUNTRIES[number % COUNTRIES.len()]], "genres": [GENRES[number % GENRES.len()]],
        "localisations": {
            "en": { "name": title.english, "synopsis": "A made-up series without episodes." },
            "ru": { "name": title.russian, "synopsis": "Выдуманный сериал без серий." },
        },
        "credits": [
            { "name": director, "role": "director" }, { "name": first, "role": "actor" }, { "name": second, "role": "actor" },
        ],
    })
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        sync::{Arc, Mutex},
    };

    use axum::{
        Json, Router,
        extract::{Path, Query, State},
        http::{HeaderMap, StatusCode},
        routing::post,
    };

    use super::*;

    /// The titles of a catalogue in the order in which they were made, each with whether it is public and its version.
    #[derive(Default)]
    struct Catalogue {
        titles: Vec<(String, bool, u32)>,
        /// Key → place.
        keys: BTreeMap<String, usize>,
        publications: usize,
        most_at_once: usize,
        at_once: usize,
    }

    type Shared = Arc<Mutex<Catalogue>>;

    /// What was begun is done, whoever waits for it.
    async fn finish(
        work: impl Future<Output = (StatusCode, Json<Value>)> + Send + 'static,
    ) -> (StatusCode, Json<Value>) {
        tokio::spawn(work).await.unwrap()
    }

    async fn create(
        State(catalogue): State<Shared>,
        headers: HeaderMap,
        Json(draft): Json<Value>,
    ) -> (StatusCode, Json<Value>) {
        finish(create_title(catalogue, headers, draft)).await
    }

    async fn create_title(catalogue: Shared, headers: HeaderMap, draft: Value) -> (StatusCode, Json<Value>) {
        {
            let mut catalogue = catalogue.lock().unwrap();
            catalogue.at_once += 1;
            catalogue.most_at_once = catalogue.most_at_once.max(catalogue.at_once);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        let mut catalogue = catalogue.lock().unwrap();
        catalogue.at_once -= 1;
        let key = headers["idempotency-key"].to_str().unwrap().to_owned();
        let slug = draft["slug"].as_str().unwrap().to_owned();
        let place = match catalogue.keys.get(&key) {
            Some(place) => *place,
            None if catalogue.titles.iter().any(|(known, ..)| *known == slug) => {
                return (StatusCode::CONFLICT, Json(json!({ "code": "slug_taken" })));
            }
            None => {
                catalogue.titles.push((slug, false, 1));
                let place = catalogue.titles.len() - 1;
                catalogue.keys.insert(key, place);
                place
            }
        };
        (StatusCode::CREATED, Json(json!({ "id": place.to_string() })))
    }

    async fn publish(
        State(catalogue): State<Shared>,
        Path(id): Path<usize>,
        headers: HeaderMap,
    ) -> (StatusCode, Json<Value>) {
        finish(publish_title(catalogue, id, headers)).await
    }

    async fn publish_title(catalogue: Shared, id: usize, headers: HeaderMap) -> (StatusCode, Json<Value>) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut catalogue = catalogue.lock().unwrap();
        if headers["if-match"] != format!("\"{}\"", catalogue.titles[id].2) {
            return (StatusCode::PRECONDITION_FAILED, Json(json!({ "code": "changed" })));
        }
        catalogue.publications += 1;
        (catalogue.titles[id].1, catalogue.titles[id].2) = (true, 2);
        (StatusCode::OK, Json(json!({})))
    }

    async fn list(State(catalogue): State<Shared>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
        const PAGE: usize = 3;
        let from: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
        let catalogue = catalogue.lock().unwrap();
        let cards = catalogue.titles.iter().enumerate().rev();
        let wanted = cards.filter(|(_, (_, is_public, _))| !query.contains_key("state") || !is_public);
        let cards: Vec<_> = wanted.map(|(id, (slug, ..))| json!({ "id": id.to_string(), "slug": slug })).collect();
        let mut page = json!({ "items": cards.iter().skip(from).take(PAGE).collect::<Vec<_>>() });
        if from + PAGE < cards.len() {
            page["next_cursor"] = json!((from + PAGE).to_string());
        }
        Json(page)
    }

    async fn catalogue() -> (Shared, Cinema) {
        let shared = Shared::default();
        let router = Router::new()
            .route("/v1/admin/titles", post(create).get(list))
            .route("/v1/admin/titles/{id}/publish", post(publish))
            .with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (shared, Cinema::new(&base).unwrap())
    }

    /// What one run does, without its pauses.
    async fn run(editor: &Cinema, count: usize) -> Result<usize> {
        let first = first_missing(newest(editor).await?);
        let titles = MadeUpTitles::new(SEED).enumerate().take(count).skip(first).collect();
        make_all(editor, titles).try_fold(0, async |made, ()| Ok(made + 1)).await
    }

    #[tokio::test]
    async fn a_run_that_is_interrupted_anywhere_goes_on_and_makes_nothing_twice() {
        const COUNT: usize = 200;
        let (shared, editor) = catalogue().await;
        shared.lock().unwrap().titles.push(("big-buck-bunny".to_owned(), true, 3));
        for interruption in 1..12 {
            // Dropped between any two steps, as a process that ends.
            let _ = tokio::time::timeout(Duration::from_millis(interruption), run(&editor, COUNT)).await;
            if interruption == 6 {
                // Keys are not kept for ever.
                shared.lock().unwrap().keys.clear();
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        shared.lock().unwrap().most_at_once = 0;
        run(&editor, COUNT).await.unwrap();
        {
            let catalogue = shared.lock().unwrap();
            let slugs: BTreeSet<&str> = catalogue.titles.iter().map(|(slug, ..)| slug.as_str()).collect();
            assert_eq!((slugs.len(), catalogue.titles.len()), (COUNT + 1, COUNT + 1));
            assert!(catalogue.titles.iter().all(|(_, is_public, _)| *is_public));
            assert_eq!(catalogue.publications, COUNT);
            assert!((2..=AT_ONCE).contains(&catalogue.most_at_once), "{}", catalogue.most_at_once);
        }
        // Only the last ones are looked at again, of which any may have been made last; a larger catalogue goes on.
        let again = AT_ONCE..2 * AT_ONCE;
        assert!(again.contains(&run(&editor, COUNT).await.unwrap()));
        assert_eq!(run(&editor, COUNT / 2).await.unwrap(), 0);
        assert!(again.contains(&(run(&editor, COUNT + 10).await.unwrap() - 10)));
        assert_eq!(shared.lock().unwrap().publications, COUNT + 10);
    }

    #[tokio::test]
    async fn what_an_editor_has_changed_is_left_as_it_is() {
        let (shared, editor) = catalogue().await;
        run(&editor, 1).await.unwrap();
        // Withdrawn since.
        (shared.lock().unwrap().titles[0].1, shared.lock().unwrap().titles[0].2) = (false, 3);
        run(&editor, 1).await.unwrap();
        assert_eq!(shared.lock().unwrap().titles, [("made-up-0".to_owned(), false, 3)]);
    }

    #[test]
    fn only_what_may_be_undone_is_done_again() {
        assert_eq!(first_missing(None), 0);
        assert_eq!(first_missing(Some(0)), 0);
        assert_eq!(first_missing(Some(AT_ONCE)), 1);
        assert_eq!(first_missing(Some(19_999)), 20_000 - AT_ONCE);
        assert_eq!(
            (number_of("made-up-17"), number_of("made-up-world"), number_of("big-buck-bunny")),
            (Some(17), None, None)
        );
    }
}
