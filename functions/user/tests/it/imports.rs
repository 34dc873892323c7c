//! The history of another service: sent, looked at, confirmed, and taken back to the row.

mod exactness;
mod preview;
mod privacy;
mod requests;

use events::{Consumer, Outcome};
use kernel::{HistoryImportId, TitleId, World};
use proto::catalog::{Localisation, TitleChanged};
use runtime::S3Object;
use serde_json::{Value, json};
use stores::Bucket;
use testkit::Token;

use crate::{
    home::{Home, Person, unlimited},
    library::film,
};

const PATH: &str = "/v1/users/me/imports";

/// A published film of a year.
fn of_year(name: &str, year: u32) -> TitleChanged {
    let local =
        |locale: &str| Localisation { locale: locale.to_owned(), name: name.to_owned(), synopsis: String::new() };
    TitleChanged { year, localisations: vec![local("en")], ..film(name) }
}

fn files(home: &Home) -> Bucket {
    Bucket::new(home.service.aws(), home.service.var("BUCKET_IMPORTS"))
}

fn key(id: &str) -> String {
    format!("files/{id}")
}

/// Whether the bucket still holds the file.
async fn has_file(home: &Home, id: &str) -> bool {
    files(home).head(&key(id)).await.unwrap().is_some()
}

/// Tells that a file has come.
async fn tell_file(home: &Home, id: &str, size: usize) -> Outcome {
    let consumer = user::operations::consumers::match_import(&home.service.boot()).unwrap();
    let (bucket, size) = (home.service.var("BUCKET_IMPORTS"), u64::try_from(size).unwrap());
    let object = S3Object { bucket, key: key(id), version: None, sequencer: None, size };
    consumer.consume(object, &unlimited()).await
}

/// Begins an import; its id and link.
async fn begin(home: &Home, token: &Token, body: &Value) -> (String, String) {
    let begun = home.app.post(PATH, body).token(token).send().await.expect(201);
    assert_eq!(begun["status"], "waiting");
    (begun["id"].as_str().unwrap().to_owned(), begun["upload"]["url"].as_str().unwrap().to_owned())
}

/// Begins an import and puts its file in place.
async fn send(home: &Home, token: &Token, mut body: Value, file: impl AsRef<[u8]>) -> String {
    let file = file.as_ref();
    body["size"] = json!(file.len().max(1));
    let (id, _) = begin(home, token, &body).await;
    files(home).put(&key(&id), file.to_vec(), "text/csv", None).await.unwrap();
    assert_eq!(tell_file(home, &id, file.len()).await, Outcome::Done);
    assert!(!has_file(home, &id).await);
    id
}

/// The import with all its lines.
async fn look(home: &Home, token: &Token, id: &str) -> Value {
    home.app.get(&format!("{PATH}/{id}?limit=100")).token(token).send().await.expect(200)
}

async fn confirm(home: &Home, token: &Token, id: &str) -> Value {
    let call = home.app.call("POST".parse().unwrap(), &format!("{PATH}/{id}/confirm"));
    call.token(token).send().await.expect(200)
}

async fn undo(home: &Home, token: &Token, id: &str) {
    home.app.delete(&format!("{PATH}/{id}")).token(token).send().await.expect(204);
}

/// Of every line its number and the title, or why there is none.
fn lines(import: &Value) -> Vec<(i64, String)> {
    let items = import["lines"]["items"].as_array().unwrap().iter();
    let said = |line: &Value| line["title"]["name"].as_str().or(line["reason"].as_str()).unwrap().to_owned();
    items.map(|line| (line["line"].as_i64().unwrap(), said(line))).collect()
}

fn line(number: i64, said: &str) -> (i64, String) {
    (number, said.to_owned())
}

fn letterboxd(list: &str) -> Value {
    json!({"source": "letterboxd", "list": list})
}

/// A row of a table of Letterboxd.
fn watched(name: &str, year: u32) -> String {
    format!("2023-01-02,{name},{year},https://boxd.it/1\n")
}

/// What a profile has, told apart by who wrote it.
async fn rows(home: &Home, person: &Person) -> Vec<(String, String, String, Option<i16>, Option<String>)> {
    let all = "select 'watchlist', title_id, added_at::text, null::smallint, import_id from watchlist where profile_id = $1 \
        union all select 'ratings', title_id, rated_at::text, value, import_id from ratings where profile_id = $1 \
        union all select 'history', title_id, watched_at::text, null, import_id from imported_viewings where profile_id = $1 \
        union all select 'progress', title_id, watched_at::text, null, null from progress where profile_id = $1 \
        union all select 'viewings', title_id, at::text, null, null from viewings where profile_id = $1 order by 1, 2, 3";
    sqlx::query_as(all).bind(person.profile).fetch_all(&home.service.pool()).await.unwrap()
}

/// An id that nothing has.
fn nowhere() -> HistoryImportId {
    World::system().id()
}

/// The films of these names, all of one year.
async fn library(home: &Home, names: &[&str]) -> Vec<TitleId> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(home.title(&of_year(name, 2000)).await);
    }
    ids
}
