//! Seasons and episodes of a series that a provider fills in, on a real queue and a real database.

use events::Outcome;
use kernel::World;
use serde_json::{Value, json};

use crate::{
    imports::{Desk, state},
    library::{Mood, season},
    studio::{draft, id_of},
};

fn series(seasons: &[u16]) -> Value {
    let seasons: Vec<Value> = seasons.iter().map(|number| json!({"season_number": number})).collect();
    json!({"id": 1, "name": "Series", "first_air_date": "2010-06-16", "seasons": seasons})
}

impl Desk {
    fn tells(&self, number: u16, episodes: &[(u16, &str, &str)]) {
        let [english, russian] = season(number, episodes);
        self.library.season(number, english, russian);
    }

    /// Asks for series 1 and works until nothing waits; the import.
    async fn import_series(&self) -> Value {
        let import = self.ask(&json!([{"kind": "series", "external_id": "1"}])).await.expect(202);
        self.finish(&import).await
    }

    async fn finish(&self, import: &Value) -> Value {
        loop {
            let seen = self.look(import).await;
            if seen["items"].as_array().unwrap().iter().all(|item| item["state"] != "waiting") {
                return seen;
            }
            for job in self.jobs(1).await {
                assert_eq!(self.work(&job).await, Outcome::Done);
            }
        }
    }

    /// Kind, number, name and version of whatever there is, by id of who it belongs to.
    async fn parts(&self) -> Vec<(String, i32, String, i64)> {
        let parts = "select t.kind, t.number, t.names->>'en', t.version from titles t join titles p on p.id = t.parent_id \
             order by t.kind desc, p.number, t.number";
        sqlx::query_as(parts).fetch_all(&self.studio.service.pool()).await.unwrap()
    }

    async fn id_of_part(&self, kind: &str, number: i32) -> String {
        let found = sqlx::query_scalar("select id from titles where kind = $1 and number = $2").bind(kind).bind(number);
        found.fetch_one(&self.studio.service.pool()).await.unwrap()
    }
}

fn part(kind: &str, number: i32, name: &str, version: i64) -> (String, i32, String, i64) {
    (kind.to_owned(), number, name.to_owned(), version)
}

#[tokio::test]
async fn a_series_brings_its_seasons_and_their_episodes_and_once_more_changes_nothing() {
    let desk = Desk::open().await;
    desk.library.series(1, series(&[0, 1]));
    desk.tells(0, &[(1, "Special", "")]);
    desk.tells(1, &[(1, "First", "Первая"), (2, "Second", "")]);
    let import = desk.import_series().await;
    let items: Vec<Value> = import["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!([item["kind"], item["number"], item["state"]]))
        .collect();
    assert_eq!(items, [json!(["series", null, "done"]), json!(["season", 0, "done"]), json!(["season", 1, "done"])]);
    let expected = [
        part("season", 0, "Season 0", 1),
        part("season", 1, "Season 1", 1),
        part("episode", 1, "Special", 1),
        part("episode", 1, "First", 1),
        part("episode", 2, "Second", 1),
    ];
    assert_eq!(desk.parts().await, expected);
    let season = desk.title(import["items"][2]["title_id"].as_str().unwrap()).await;
    assert_eq!(
        (&season["parent_id"], &season["external_ids"]),
        (&import["items"][0]["title_id"], &json!({"tmdb": "1001"}))
    );
    let first = desk.title(&desk.id_of_part("episode", 2).await).await;
    assert_eq!(
        first["localisations"],
        json!({"en": {"name": "Second", "synopsis": "Second, told."}}),
        "it is not translated"
    );
    assert_eq!((&first["year"], &first["credits"][1]["character"]), (&json!(2010), &json!("A")));
    let provenance = first["provenance"].as_object().unwrap();
    assert!(provenance.len() == 5 && provenance.values().all(|field| field["source"] == "tmdb"), "{provenance:?}");
    let told = desk.studio.service.events("domain-events", first["id"].as_str().unwrap(), 1).await;
    assert_eq!((&told[0].data["parent_id"], &told[0].data["number"]), (&season["id"], &json!(2)));

    desk.import_series().await;
    assert_eq!(desk.parts().await, expected);
}

#[tokio::test]
async fn copies_of_a_season_in_any_order_give_one_of_each() {
    let desk = Desk::open().await;
    desk.library.series(1, series(&[1, 2]));
    (1..=2).for_each(|number| desk.tells(number, &[(1, "One", "Один"), (2, "Two", ""), (3, "Three", "")]));
    let series = json!([{"kind": "series", "external_id": "1"}]);
    let (one, other) = (desk.ask(&series).await.expect(202), desk.ask(&series).await.expect(202));
    for job in desk.jobs(2).await {
        assert_eq!(desk.work(&job).await, Outcome::Done);
    }
    let jobs = desk.jobs(4).await;
    let copies = jobs.iter().chain(jobs.iter().rev());
    let outcomes = futures::future::join_all(copies.map(|job| desk.work(job))).await;
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Poison(_))), "{outcomes:?}");
    // What met another change is delivered again.
    for job in &jobs {
        assert_eq!(desk.work(job).await, Outcome::Done);
    }
    assert_eq!(desk.finish(&one).await["items"], desk.finish(&other).await["items"]);
    let parts = desk.parts().await;
    assert!(parts.len() == 8 && parts.iter().all(|(.., version)| *version == 1), "{parts:?}");
}

#[tokio::test]
async fn an_editors_own_season_and_words_stay() {
    let desk = Desk::open().await;
    let own = json!({"kind": "series", "original_title": "Mine", "localisations": {"en": {"name": "Mine"}}});
    let of_editor = id_of(&desk.studio.create(&own).await);
    let mut own = draft("My season");
    (own["kind"], own["parent_id"], own["number"]) = (json!("season"), json!(of_editor), json!(1));
    own["localisations"]["en"] = json!({"name": "My season"});
    let season = id_of(&desk.studio.create(&own).await);
    desk.library.series(1, series(&[1]));
    desk.tells(1, &[(1, "First", "Первая"), (2, "Second", "")]);
    let into = json!([{"kind": "series", "external_id": "1", "title_id": of_editor}]);
    let import = desk.ask(&into).await.expect(202);
    assert_eq!(desk.finish(&import).await["items"][1]["title_id"], json!(season), "it is found by its number");
    let filled = desk.title(&season).await;
    assert_eq!(filled["localisations"], json!({"en": {"name": "My season"}, "ru": {"name": "Сезон 1"}}));

    // An editor renames an episode and moves the other one; the provider tells everything anew.
    let (first, second) = (desk.id_of_part("episode", 1).await, desk.id_of_part("episode", 2).await);
    desk.studio.patch(&first, &json!({"localisations": {"en": {"name": "My first"}}, "credits": []})).await.expect(200);
    desk.studio.patch(&second, &json!({"number": 7})).await.expect(200);
    desk.tells(1, &[(1, "First anew", "Первая"), (2, "Second anew", "")]);
    desk.import_series().await;
    let title = desk.title(&first).await;
    assert_eq!((&title["localisations"]["en"]["name"], &title["credits"]), (&json!("My first"), &json!([])));
    assert_eq!(
        title["localisations"]["en"]["synopsis"], "First anew, told.",
        "what the provider wrote it writes again"
    );
    let moved = desk.title(&second).await;
    assert_eq!((&moved["number"], &moved["localisations"]["en"]["name"]), (&json!(7), &json!("Second anew")));
    assert_eq!(desk.parts().await.len(), 3, "no other one at the old place");

    // Another episode of the provider's where one of its own stands.
    desk.tells(1, &[(7, "Another", "")]);
    let left_out = &desk.import_series().await["items"][1]["left_out"][0];
    assert_eq!(left_out["pointer"], "/episodes/0", "{left_out}");
    assert_eq!(desk.title(&second).await["version"], moved["version"]);
}

#[tokio::test]
async fn a_provider_that_is_busy_in_the_middle_of_a_series_is_left_alone_and_the_rest_follows() {
    let desk = Desk::open().await;
    desk.library.series(1, series(&[1, 2]));
    (1..=2).for_each(|number| desk.tells(number, &[(1, "One", "Один")]));
    let import = desk.ask(&json!([{"kind": "series", "external_id": "1"}])).await.expect(202);
    let job = desk.jobs(1).await.remove(0);
    // It answers for the series and the first half of a season.
    desk.library.expect([Mood::Well, Mood::Well, Mood::Busy("1")]);
    assert_eq!(desk.work(&job).await, Outcome::Done);
    for job in desk.jobs(2).await {
        assert_eq!(desk.work(&job).await, Outcome::Done, "no delivery is spent");
    }
    assert_eq!(desk.library.calls(), 3, "nobody asks while it is busy");
    for item in &desk.look(&import).await["items"].as_array().unwrap()[1..] {
        assert_eq!(state(item), ("waiting", Some("provider_busy")));
    }
    assert!(desk.parts().await.is_empty(), "half a season is none");
    let done = desk.finish(&import).await;
    assert!(done["items"].as_array().unwrap().iter().all(|item| state(item) == ("done", None)), "{done}");
    assert_eq!(desk.parts().await.len(), 4);
}

#[tokio::test]
async fn what_is_wrong_with_a_season_is_said_of_it_alone() {
    let desk = Desk::open().await;
    desk.library.series(1, series(&[1, 2, 3]));
    desk.tells(1, &[(1, "One", ""), (2, "", ""), (3, "Three", "")]);
    let [mut other, russian] = season(2, &[]);
    other["season_number"] = json!(9);
    desk.library.season(2, other, russian);
    let import = desk.import_series().await;
    let states: Vec<_> = import["items"].as_array().unwrap().iter().map(state).collect();
    assert_eq!(states, [("done", None), ("done", None), ("failed", Some("unreadable")), ("failed", Some("not_found"))]);
    let left_out: Vec<&Value> =
        import["items"][1]["left_out"].as_array().unwrap().iter().map(|part| &part["pointer"]).collect();
    assert_eq!(left_out, ["/episodes/1/name", "/episodes/1"], "without a name it is none");
    assert_eq!(desk.parts().await.len(), 3);

    // The series went while its season waited.
    let import = desk.ask(&json!([{"kind": "series", "external_id": "1"}])).await.expect(202);
    let job = desk.jobs(1).await.remove(0);
    assert_eq!(desk.work(&job).await, Outcome::Done);
    sqlx::query("update titles set document = document #- '{external_ids}'")
        .execute(&desk.studio.service.pool())
        .await
        .unwrap();
    assert_eq!(state(&desk.finish(&import).await["items"][1]), ("failed", Some("no_title")));
    let down = testkit::Service::start("catalog").await.with("METADATA_PROVIDERS", &desk.library.setting());
    let down = down.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let outcome = crate::imports::work(&down, World::system(), &job).await;
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
}
