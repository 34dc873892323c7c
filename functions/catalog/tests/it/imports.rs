//! Titles that a provider of metadata fills in, on a real queue and a real database.

use events::{Consumer, Deadline, Outcome};
use futures::future::join_all;
use kernel::{AssetId, MetadataImportId, TitleId, World};
use runtime::SqsMessage;
use serde_json::{Value, json};
use testkit::{Answer, Service, Token};
use time::Duration;

use crate::{
    library::{Library, Mood, film},
    studio::{Studio, draft, dropped, id_of},
};

/// A studio that can ask a library.
pub struct Desk {
    pub studio: Studio,
    pub library: Library,
}

impl Desk {
    pub async fn open() -> Self {
        let library = Library::open().await;
        Self { studio: studio(&library.setting()).await, library }
    }

    pub async fn ask(&self, items: &Value) -> Answer {
        ask(&self.studio, &json!({"provider": "tmdb", "items": items})).await
    }

    /// What the queue holds, at least so many jobs.
    pub async fn jobs(&self, count: usize) -> Vec<String> {
        let mut jobs = Vec::new();
        while jobs.len() < count {
            let taken = self.studio.service.take_messages("imports").await;
            assert!(!taken.is_empty(), "{} jobs of {count}", jobs.len());
            jobs.extend(taken.iter().map(Value::to_string));
        }
        jobs
    }

    pub async fn work(&self, job: &str) -> Outcome {
        work(&self.studio.service, World::system(), job).await
    }

    pub async fn look(&self, import: &Value) -> Value {
        let path = format!("/v1/admin/import/{}", import["id"].as_str().unwrap());
        self.studio.app.get(&path).token(&self.studio.editor).send().await.expect(200)
    }

    /// Asks for these titles and has them fetched; what became of the import.
    async fn import(&self, items: &Value) -> Value {
        let import = self.ask(items).await.expect(202);
        let mut left = items.as_array().unwrap().len();
        while left > 0 {
            // The queue may hold what others asked for.
            let jobs = self.jobs(1).await;
            for job in jobs.iter().filter(|job| job.contains(import["id"].as_str().unwrap())) {
                assert_eq!(self.work(job).await, Outcome::Done);
                left -= 1;
            }
        }
        self.look(&import).await
    }

    /// The same for one film that comes to something; its title.
    async fn fill(&self, external_id: &str) -> Value {
        let import = self.import(&json!([{"kind": "film", "external_id": external_id}])).await;
        assert_eq!(import["items"][0]["state"], "done", "{import}");
        self.title(import["items"][0]["title_id"].as_str().unwrap()).await
    }

    pub async fn title(&self, id: &str) -> Value {
        let path = format!("/v1/admin/titles/{id}");
        self.studio.app.get(&path).token(&self.studio.editor).send().await.expect(200)
    }
}

/// A studio with a queue of its own.
pub async fn studio(setting: &str) -> Studio {
    let service = Service::start_alone("catalog").await.with("METADATA_PROVIDERS", setting);
    let app = service.app(catalog::operations::routes);
    Studio { service, app, editor: Token::role("editor") }
}

async fn ask(studio: &Studio, body: &Value) -> Answer {
    studio.app.post("/v1/admin/import", body).token(&studio.editor).send().await
}

pub async fn work(service: &Service, world: World, job: &str) -> Outcome {
    let consumer = catalog::operations::consumers::fetch_metadata(&service.boot().with_world(world)).unwrap();
    let message = SqsMessage { id: "1".into(), body: job.into(), receive_count: 1, trace: None };
    consumer.consume(message, &Deadline::unlimited(World::system())).await
}

/// State and reason of an item.
pub fn state(item: &Value) -> (&str, Option<&str>) {
    (item["state"].as_str().unwrap(), item["reason"].as_str())
}

#[tokio::test]
async fn a_provider_that_is_busy_is_left_alone_and_the_import_goes_on() {
    let desk = Desk::open().await;
    (1..=2).for_each(|id| desk.library.film(id, film(id, "Busy", 2000)));
    desk.library.expect([Mood::Busy("1")]);
    let items = json!([{"kind": "film", "external_id": "1"}, {"kind": "film", "external_id": "2"}]);
    let import = desk.ask(&items).await.expect(202);
    for job in desk.jobs(2).await {
        assert_eq!(desk.work(&job).await, Outcome::Done, "no delivery is spent");
    }
    assert_eq!(desk.library.calls(), 1, "nobody asks while it is busy");
    let waiting = desk.look(&import).await;
    for item in waiting["items"].as_array().unwrap() {
        assert_eq!(state(item), ("waiting", Some("provider_busy")));
        assert!(item["next_try_at"].is_string(), "{item}");
    }
    for job in desk.jobs(2).await {
        assert_eq!(desk.work(&job).await, Outcome::Done);
    }
    let done = desk.look(&import).await;
    assert!(done["items"].as_array().unwrap().iter().all(|item| state(item) == ("done", None)), "{done}");
    assert_eq!(desk.library.calls(), 3);
}

#[tokio::test]
async fn a_provider_that_stays_away_is_given_up_and_says_so() {
    let desk = Desk::open().await;
    let items = json!([{"kind": "film", "external_id": "1"}]);
    // So often that nobody is asked for a day.
    let import = desk.ask(&items).await.expect(202);
    let job = desk.jobs(1).await.remove(0);
    desk.library.expect([Mood::Busy("99999999999")]);
    let late = World::replay(World::system().now() + Duration::days(2), 1).0;
    assert_eq!(work(&desk.studio.service, late, &job).await, Outcome::Done);
    assert_eq!(state(&desk.look(&import).await["items"][0]), ("failed", Some("provider_busy")));

    // Down, again and again: each call is put off for longer.
    let desk = Desk::open().await;
    let import = desk.ask(&items).await.expect(202);
    let job = desk.jobs(1).await.remove(0);
    for calls in 1..=12 {
        desk.library.expect([Mood::Status(if calls % 2 == 0 { 500 } else { 503 })]);
        assert_eq!(desk.work(&job).await, Outcome::Done);
        let item = desk.look(&import).await["items"][0].clone();
        let expected = if calls < 12 { "waiting" } else { "failed" };
        assert_eq!(state(&item), (expected, Some("provider_unavailable")), "call {calls}");
        assert_eq!(item["detail"].is_string(), calls == 12);
    }
    // What has ended stays ended.
    desk.library.film(1, film(1, "Late", 2000));
    assert_eq!(desk.work(&job).await, Outcome::Done);
    assert_eq!(state(&desk.look(&import).await["items"][0]).0, "failed");
    assert_eq!(desk.library.calls(), 12);
}

#[tokio::test]
async fn a_title_that_nobody_finishes_has_failed_and_whoever_finishes_it_late_is_believed() {
    let desk = Desk::open().await;
    desk.library.film(1, film(1, "Late", 2000));
    let items = json!([{"kind": "film", "external_id": "1"}, {"kind": "film", "external_id": "2"}]);
    let import = desk.ask(&items).await.expect(202);
    let jobs = desk.jobs(2).await;
    // One waits for the provider; the other goes to the dead letters: every delivery of it dies.
    desk.library.expect([Mood::Busy("900")]);
    let of_place = |place: &str| jobs.iter().find(|job| job.contains(&format!("\"place\":{place}"))).unwrap();
    assert_eq!(desk.work(of_place("1")).await, Outcome::Done);
    let pool = desk.studio.service.pool();
    let age = async |minutes: i32| {
        let older = sqlx::query("update imports set created_at = created_at - make_interval(mins => $1)").bind(minutes);
        older.execute(&pool).await.unwrap();
        let older = sqlx::query("update import_items set next_try_at = next_try_at - make_interval(mins => $1)");
        older.bind(minutes).execute(&pool).await.unwrap();
        sqlx::query("update provider_pauses set until = until - make_interval(mins => $1)")
            .bind(minutes)
            .execute(&pool)
            .await
            .unwrap();
        desk.look(&import).await
    };
    let young = age(59).await;
    assert_eq!(state(&young["items"][0]), ("waiting", None));
    let old = age(2).await;
    let item = &old["items"][0];
    assert_eq!(state(item), ("failed", Some("unfinished")), "{item}");
    assert!(item["detail"].as_str().unwrap().contains("Import the title again"), "{item}");
    assert_eq!(state(&old["items"][1]), ("waiting", Some("provider_busy")), "it was due 46 minutes ago");
    assert_eq!(state(&age(15).await["items"][1]), ("failed", Some("unfinished")));
    // A person sends the dead letter again.
    assert_eq!(desk.work(of_place("0")).await, Outcome::Done);
    let done = desk.look(&import).await;
    assert_eq!(state(&done["items"][0]), ("done", None), "{done}");
    assert!(done["items"][0].get("detail").is_none() && done["items"][0]["title_id"].is_string(), "{done}");
    assert_eq!(state(&age(10_000).await["items"][0]), ("done", None));
}

#[tokio::test]
async fn without_a_key_nobody_is_asked_and_everything_else_works() {
    let items = json!([{"kind": "film", "external_id": "1"}]);
    let body = json!({"provider": "tmdb", "items": items});
    let local = json!([{"provider": "tmdb", "url": "http://127.0.0.1:1/tmdb"}]).to_string();
    let real = json!([{"provider": "tmdb"}]).to_string();
    let studio = studio("[]").await;
    let Studio { service, editor, .. } = studio;
    // None is configured; one is, but has no key; its secret is not there.
    let secret = service.var("SECRET_METADATA_KEYS");
    for (setting, secret) in [("[]", &*secret), ("", &secret), (&real, &secret), (&local, "no-such-secret")] {
        let service = Service::start("catalog").await.with("METADATA_PROVIDERS", setting);
        let service = service.with("SECRET_METADATA_KEYS", secret);
        let app = service.app(catalog::operations::routes);
        let refused = app.post("/v1/admin/import", &body).token(&editor).send().await;
        let problem = refused.expect_problem(409, "provider_not_configured");
        assert!(problem["detail"].as_str().unwrap().contains("key"), "{setting} {problem}");
        app.get("/v1/titles").send().await.expect(200);
    }
    // A key that went between: the title says it.
    let asked = service.with("METADATA_PROVIDERS", &local);
    let app = asked.app(catalog::operations::routes);
    let import = app.post("/v1/admin/import", &body).token(&editor).send().await.expect(202);
    let job = json!({"import_id": import["id"], "place": 0}).to_string();
    let without = asked.with("METADATA_PROVIDERS", &real);
    assert_eq!(work(&without, World::system(), &job).await, Outcome::Done);
    let path = format!("/v1/admin/import/{}", import["id"].as_str().unwrap());
    let seen = app.get(&path).token(&editor).send().await.expect(200);
    assert_eq!(state(&seen["items"][0]), ("failed", Some("provider_refuses")));
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let desk = Desk::open().await;
    let title = id_of(&desk.studio.create(&draft("A film")).await);
    let gone: TitleId = World::system().id();
    let film = |id: &str| json!({"kind": "film", "external_id": id});
    let into = |kind: &str, title: &str| json!({"kind": kind, "external_id": "1", "title_id": title});
    for (items, pointer) in [
        (json!([]), "/items"),
        ((0..51).map(|id| film(&(id + 1).to_string())).collect(), "/items"),
        (json!([film("0")]), "/items/0/external_id"),
        (json!([film("tt0133093")]), "/items/0/external_id"),
        (json!([film("../1")]), "/items/0/external_id"),
        (json!([film("1\u{0}")]), "/items/0/external_id"),
        (json!([film("1"), film("1")]), "/items/1/external_id"),
        (json!([{"kind": "episode", "external_id": "1"}]), "/items/0/kind"),
        (json!([into("series", &title)]), "/items/0/title_id"),
        (json!([into("film", &gone.to_string())]), "/items/0/title_id"),
    ] {
        let problem = desk.ask(&items).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{items}");
    }
    let body = json!({"provider": "imdb", "items": [film("1")]});
    ask(&desk.studio, &body).await.expect_problem(422, "invalid_request");
    let body = json!({"provider": "tmdb", "items": [film("1")]});
    let app = &desk.studio.app;
    app.post("/v1/admin/import", &body).token(&Token::viewer()).send().await.expect_problem(403, "role_required");
    let unknown: MetadataImportId = World::system().id();
    let path = format!("/v1/admin/import/{unknown}");
    app.get(&path).token(&desk.studio.editor).send().await.expect_problem(404, "not_found");
    app.get(&path).token(&Token::viewer()).send().await.expect_problem(403, "role_required");
    assert_eq!(desk.library.calls(), 0);
    assert!(matches!(desk.work("nothing").await, Outcome::Poison(_)));
    let job = json!({"import_id": unknown, "place": 0}).to_string();
    assert_eq!(desk.work(&job).await, Outcome::Done, "an import that is forgotten");
}

#[tokio::test]
async fn a_request_that_is_repeated_begins_one_import() {
    let desk = Desk::open().await;
    let send = |id: &str| {
        let body = json!({"provider": "tmdb", "items": [{"kind": "film", "external_id": id}]});
        let request = desk.studio.app.post("/v1/admin/import", &body).token(&desk.studio.editor);
        request.header("idempotency-key", "once").send()
    };
    let first = send("1").await.expect(202);
    assert_eq!(send("1").await.expect(202)["id"], first["id"]);
    send("2").await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(desk.jobs(1).await.len(), 1);
}

#[tokio::test]
async fn a_film_becomes_a_draft_that_says_where_its_fields_come_from() {
    let desk = Desk::open().await;
    desk.library.film(603, film(603, "The Film", 1999));
    let title = desk.fill("603").await;
    assert_eq!(
        (&title["publication"], &title["version"], &title["slug"]),
        (&json!("draft"), &json!(1), &json!("the-film"))
    );
    assert_eq!(
        (&title["year"], &title["countries"], &title["genres"]),
        (&json!(1999), &json!(["NL"]), &json!(["animation"]))
    );
    let texts = json!({
        "en": {"name": "The Film", "synopsis": "The Film, told."},
        "ru": {"name": "The Film по-русски", "synopsis": "Рассказано."},
    });
    assert_eq!(title["localisations"], texts);
    assert_eq!(title["credits"][0], json!({"name": "Cy", "role": "director"}));
    assert_eq!(title["people"].as_array().map(Vec::len), Some(2));
    assert_eq!(title["external_ids"], json!({"tmdb": "603", "imdb": "tt0000603"}));
    let provenance = title["provenance"].as_object().unwrap();
    assert!(provenance.len() == 9 && provenance.values().all(|field| field["source"] == "tmdb"), "{provenance:?}");
    assert_eq!(title["unmet"], json!(["/asset", "/rating", "/artwork"]), "nothing is published by itself");

    let id = title["id"].as_str().unwrap();
    let told = desk.studio.service.events("domain-events", id, 1).await;
    assert_eq!((told[0].sequence, &told[0].data["year"]), (1, &json!(1999)));
    let path = format!("/v1/admin/titles/{id}/audit");
    let audit = desk.studio.app.get(&path).token(&desk.studio.editor).send().await.expect(200);
    let entry = &audit["items"][0];
    assert_eq!((&entry["action"], &entry["actor"]), (&json!("imported"), &json!(desk.studio.editor.0.sub)));
    assert!(!audit.to_string().contains("provenance"), "{audit}");
    let import = desk.import(&json!([{"kind": "film", "external_id": "603"}])).await;
    assert_eq!(
        import["items"][0]["left_out"],
        json!([{"pointer": "/genres/1", "reason": "is no genre of this catalogue"}])
    );
    assert_eq!(desk.title(id).await["version"], 1, "once more changes nothing");
}

#[tokio::test]
async fn an_editors_own_edit_is_never_written_over() {
    let desk = Desk::open().await;
    desk.library.film(1, film(1, "First", 1999));
    let id = id_of(&desk.fill("1").await);
    let edit = json!({
        "year": 2001, "countries": null, "credits": [{"name": "Me", "role": "director"}],
        "localisations": {"en": {"synopsis": null}, "ru": null, "de": {"name": "Deutsch"}},
    });
    let edited = desk.studio.patch(&id, &edit).await.expect(200);
    desk.library.film(1, film(1, "Second", 2009));
    let title = desk.fill("1").await;
    assert_eq!((title["id"].as_str().unwrap(), &title["version"]), (&*id, &json!(3)));
    for theirs in ["year", "credits", "countries"] {
        assert_eq!(title[theirs], edited[theirs], "{theirs}");
    }
    assert_eq!(title["localisations"], json!({"de": {"name": "Deutsch"}, "en": {"name": "Second"}}));
    assert_eq!(title["original_title"], "Second", "what the provider wrote it writes again");
    let source = |pointer: &str| title["provenance"][pointer]["source"].clone();
    for pointer in ["/year", "/countries", "/credits", "/localisations/en/synopsis", "/localisations/ru/name"] {
        assert_eq!(source(pointer), "editor", "{pointer}");
    }
    assert_eq!((source("/original_title"), source("/localisations/en/name")), (json!("tmdb"), json!("tmdb")));
    // A field that the provider does not tell any more stays.
    desk.library.film(1, json!({"id": 1, "title": "Second"}));
    assert_eq!(desk.fill("1").await["genres"], json!(["animation"]));
}

#[tokio::test]
async fn a_title_that_is_named_is_filled_in_where_it_is_empty() {
    let desk = Desk::open().await;
    desk.library.film(1, film(1, "Theirs", 1999));
    let own = json!({"kind": "film", "original_title": "Mine", "year": 2005, "localisations": {"ru": {"name": "Моё"}}});
    let own = id_of(&desk.studio.create(&own).await);
    let into = |title: &str| json!([{"kind": "film", "external_id": "1", "title_id": title}]);
    let import = desk.import(&into(&own)).await;
    assert_eq!((state(&import["items"][0]).0, &import["items"][0]["title_id"]), ("done", &json!(own)));
    let title = desk.title(&own).await;
    assert_eq!((&title["original_title"], &title["year"]), (&json!("Mine"), &json!(2005)));
    assert_eq!(title["localisations"]["ru"], json!({"name": "Моё", "synopsis": "Рассказано."}));
    assert_eq!(title["localisations"]["en"]["name"], "Theirs");
    // The id is this title's: without naming one it is found again, and no other becomes it.
    assert_eq!(id_of(&desk.fill("1").await), own);
    let other = id_of(&desk.studio.create(&draft("Other")).await);
    let import = desk.import(&into(&other)).await;
    assert_eq!(state(&import["items"][0]), ("failed", Some("other_title")));
    assert_eq!(desk.title(&other).await["version"], 1);

    // Deleted while the import waits.
    let import = desk.ask(&json!([{"kind": "film", "external_id": "1", "title_id": own}])).await.expect(202);
    let path = format!("/v1/admin/titles/{own}");
    assert_eq!(desk.studio.app.delete(&path).token(&desk.studio.editor).send().await.status, 204);
    let job = desk.jobs(1).await.remove(0);
    assert_eq!(desk.work(&job).await, Outcome::Done);
    assert_eq!(state(&desk.look(&import).await["items"][0]), ("failed", Some("no_title")));
    assert_ne!(id_of(&desk.fill("1").await), own, "a new draft");
}

#[tokio::test]
async fn the_name_of_a_dropped_file_gives_way() {
    let desk = Desk::open().await;
    desk.library.film(1, film(1, "Big Buck Bunny", 2008));
    let (title, asset): (TitleId, AssetId) = (World::system().id(), World::system().id());
    desk.studio.deliver(vec![dropped(title, asset, "inbox/bbb_sunflower_1080p.mp4")]).await;
    desk.import(&json!([{"kind": "film", "external_id": "1", "title_id": title}])).await;
    let filled = desk.title(&title.to_string()).await;
    assert_eq!(
        (&filled["original_title"], &filled["localisations"]["en"]["name"]),
        (&json!("Big Buck Bunny"), &json!("Big Buck Bunny"))
    );
    assert_eq!(filled["source"]["state"], "processing");
}

#[tokio::test]
async fn a_published_title_stays_published() {
    let desk = Desk::open().await;
    let id = desk.studio.film(draft("Public")).await;
    desk.library.film(1, film(1, "Theirs", 1999));
    desk.import(&json!([{"kind": "film", "external_id": "1", "title_id": id}])).await;
    let title = desk.title(&id).await;
    assert_eq!(
        (&title["publication"], &title["year"], &title["rating"]),
        (&json!("published"), &json!(2010), &json!(12))
    );
    let shown =
        desk.studio.app.get(&format!("/v1/titles/{id}")).header("accept-language", "ru").send().await.expect(200);
    assert_eq!(shown["name"], "Theirs по-русски");
}

#[tokio::test]
async fn copies_and_any_order_give_one_title() {
    let desk = Desk::open().await;
    desk.library.film(1, film(1, "One", 1999));
    desk.library.series(1, json!({"id": 1, "name": "A series", "first_air_date": "2010-06-16"}));
    let items = json!([{"kind": "film", "external_id": "1"}, {"kind": "series", "external_id": "1"}]);
    let (first, second) = futures::join!(desk.ask(&items), desk.ask(&items));
    let jobs = desk.jobs(4).await;
    let copies = jobs.iter().chain(jobs.iter().rev());
    let outcomes = join_all(copies.map(|job| desk.work(job))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    let (first, second) = (desk.look(&first.expect(202)).await, desk.look(&second.expect(202)).await);
    assert_eq!(first["items"], second["items"]);
    let titles: Vec<(String, i64)> = sqlx::query_as("select kind, version from titles order by kind")
        .fetch_all(&desk.studio.service.pool())
        .await
        .unwrap();
    assert_eq!(titles, [("film".to_owned(), 1), ("series".to_owned(), 1)]);
}

#[tokio::test]
async fn whatever_a_provider_says_is_no_failure_of_ours() {
    let desk = Desk::open().await;
    let items = json!([{"kind": "film", "external_id": "1"}]);
    let huge = json!({"id": 1, "title": "x".repeat(2 << 20)}).to_string();
    for (mood, expected) in [
        (Mood::Status(404), ("failed", Some("not_found"))),
        (Mood::Status(401), ("failed", Some("provider_refuses"))),
        (Mood::Status(403), ("failed", Some("provider_refuses"))),
        (Mood::Status(302), ("failed", Some("unreadable"))),
        (Mood::Status(400), ("failed", Some("unreadable"))),
        (Mood::Says(String::new()), ("failed", Some("unreadable"))),
        (Mood::Says("<html>".to_owned()), ("failed", Some("unreadable"))),
        (Mood::Says("[".repeat(200_000)), ("failed", Some("unreadable"))),
        (Mood::Says(r#"{"id": 2, "title": "Another"}"#.to_owned()), ("failed", Some("unreadable"))),
        (Mood::Says(r#"{"id": 1}"#.to_owned()), ("failed", Some("nameless"))),
        (Mood::Says(r#"{"id": 1, "title": "\u0000", "original_title": 7}"#.to_owned()), ("failed", Some("nameless"))),
        (Mood::Says(huge), ("waiting", Some("provider_unavailable"))),
    ] {
        let import = desk.ask(&items).await.expect(202);
        let job = json!({"import_id": import["id"], "place": 0}).to_string();
        desk.library.expect([mood.clone()]);
        assert_eq!(desk.work(&job).await, Outcome::Done);
        let item = desk.look(&import).await["items"][0].clone();
        assert_eq!(state(&item), expected, "{item}");
    }
    let mut hostile = film(1, "Kept", 1999);
    hostile["overview"] = json!("a\u{0}b");
    hostile["release_date"] = json!("31337-01-01");
    hostile["credits"]["cast"] = (0..5000).map(|at| json!({"name": format!("Nobody {at}\u{7}")})).collect();
    hostile["translations"]["translations"][0]["data"]["title"] = json!("x".repeat(100_000));
    desk.library.expect([]);
    desk.library.film(1, hostile);
    let title = desk.fill("1").await;
    assert_eq!((&title["original_title"], title.get("year")), (&json!("Kept"), None));
    assert_eq!(title["localisations"]["ru"], json!({"name": "Kept", "synopsis": "Рассказано."}));
    assert_eq!(title["credits"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_database_that_is_down_loses_nothing() {
    let desk = Desk::open().await;
    let import = desk.ask(&json!([{"kind": "film", "external_id": "1"}])).await.expect(202);
    let job = json!({"import_id": import["id"], "place": 0}).to_string();
    let down = Service::start("catalog").await.with("METADATA_PROVIDERS", &desk.library.setting());
    let down = down.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    assert!(matches!(work(&down, World::system(), &job).await, Outcome::Retry(_)));
}
