//! What stands in for The Movie Database on the local platform, in a process of its own: it speaks what `metadata/tmdb.rs` reads.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use events::Outcome;
use http::Request;
use kernel::World;
use serde_json::{Value, json};
use stores::Fetch;

use crate::imports::{studio, work};

struct Sandbox {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sandbox {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../localstack/engines/programs/sandbox.mjs");
        let mut command = Command::new(testkit::engines::node());
        command.arg(program).arg(port.to_string()).arg(folder.path()).stderr(Stdio::null());
        let sandbox =
            Self { process: command.spawn().unwrap(), url: format!("http://127.0.0.1:{port}"), _folder: folder };
        for _ in 0..200 {
            if Fetch::default().get(&format!("{}/health", sandbox.url)).await.is_ok() {
                return sandbox;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the sandbox does not start");
    }

    async fn mode(&self, metadata: &str) {
        let body = Bytes::from(json!({ "metadata": metadata }).to_string());
        let request = Request::put(format!("{}/admin/mode", self.url)).header("content-type", "application/json");
        let answer = Fetch::default().send(request.body(body).unwrap(), Duration::from_secs(5)).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn films_and_series_come_from_it_and_it_can_be_busy() {
    let sandbox = Sandbox::open().await;
    let setting = json!([{"provider": "tmdb", "url": format!("{}/tmdb", sandbox.url)}]).to_string();
    let studio = studio(&setting).await;
    let film = |id: &str| json!({"kind": "film", "external_id": id});
    let items = json!([film("1"), film("2"), film("3"), film("4"), {"kind": "series", "external_id": "1"}, film("9")]);
    let body = json!({"provider": "tmdb", "items": items});
    let import = studio.app.post("/v1/admin/import", &body).token(&studio.editor).send().await.expect(202);
    let path = format!("/v1/admin/import/{}", import["id"].as_str().unwrap());
    let look = || async { studio.app.get(&path).token(&studio.editor).send().await.expect(200) };
    let job = |place: usize| json!({"import_id": import["id"], "place": place}).to_string();

    sandbox.mode("busy").await;
    assert_eq!(work(&studio.service, World::system(), &job(0)).await, Outcome::Done);
    assert_eq!(look().await["items"][0]["reason"], "provider_busy");
    sandbox.mode("unavailable").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(work(&studio.service, World::system(), &job(1)).await, Outcome::Done);
    assert_eq!(look().await["items"][1]["reason"], "provider_unavailable");
    sandbox.mode("normal").await;
    // The last one is the season of the series at place 4.
    for place in [0, 1, 2, 3, 4, 5, 450] {
        assert_eq!(work(&studio.service, World::system(), &job(place)).await, Outcome::Done);
    }
    let seen = look().await;
    let states: Vec<&Value> = seen["items"].as_array().unwrap().iter().map(|item| &item["state"]).collect();
    assert_eq!(states, ["done", "done", "done", "done", "done", "failed", "done"], "{seen}");
    assert!(seen["items"].as_array().unwrap().iter().all(|item| item.get("left_out").is_none()), "{seen}");
    let titles: Vec<(Value,)> =
        sqlx::query_as("select document->'about' from titles where kind in ('film', 'series') order by kind, slug")
            .fetch_all(&studio.service.pool())
            .await
            .unwrap();
    let names: Vec<&Value> = titles.iter().map(|(about,)| &about["original_title"]).collect();
    assert_eq!(names, ["Big Buck Bunny", "Elephants Dream", "Sintel", "Tears of Steel", "Pioneer One"]);
    assert_eq!(titles[3].0["localisations"]["ru"]["name"], "Tears of Steel");
    let parts: Vec<(String, i32, Option<String>)> = sqlx::query_as(
        "select kind, number, names->>'ru' from titles where parent_id is not null order by kind desc, number",
    )
    .fetch_all(&studio.service.pool())
    .await
    .unwrap();
    let part = |kind: &str, number, name: &str| (kind.to_owned(), number, Some(name.to_owned()));
    assert_eq!(parts[..2], [part("season", 1, "Сезон 1"), part("episode", 1, "Падение на землю")]);
    assert_eq!(parts.len(), 4);
}
