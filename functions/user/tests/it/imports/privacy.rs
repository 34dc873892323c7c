//! Whose an import is, and that it goes with its profile, its history or its account.

use events::{Consumer, Event, Outcome};
use kernel::{ErasureId, ExportId, ProfileId, World};
use proto::{auth::ErasureRequested, types};
use serde_json::{Value, json};

use super::{PATH, begin, confirm, files, has_file, key, letterboxd, library, look, send, tell_file, watched};
use crate::home::{Home, Person, unlimited};

const HEAD: &str = "Date,Name,Year,Letterboxd URI\n";

async fn second_profile(home: &Home, person: &Person) -> Person {
    let made = home.app.post("/v1/users/me/profiles", &json!({"name": "Kids"})).token(&person.token()).send().await;
    Person { profile: made.expect(201)["id"].as_str().unwrap().parse().unwrap(), ..person.clone() }
}

#[tokio::test]
async fn nobody_else_sees_changes_or_confirms_it() {
    let home = Home::start().await;
    let (anna, stranger) = (home.person().await, home.person().await);
    let sibling = second_profile(&home, &anna).await;
    library(&home, &["A"]).await;
    let id = send(&home, &anna.viewer(), letterboxd("watched"), format!("{HEAD}{}", watched("A", 2000))).await;
    let path = format!("{PATH}/{id}");
    for other in [&stranger, &sibling] {
        home.app.get(&path).token(&other.viewer()).send().await.expect_problem(404, "not_found");
        let call = home.app.call("POST".parse().unwrap(), &format!("{path}/confirm"));
        call.token(&other.viewer()).send().await.expect_problem(404, "not_found");
        home.app.delete(&path).token(&other.viewer()).send().await.expect(204);
        assert!(home.items(other, PATH).await.is_empty());
    }
    assert_eq!(look(&home, &anna.viewer(), &id).await["import"]["status"], "ready");
}

#[tokio::test]
async fn a_deleted_profile_takes_its_imports_and_their_files_along() {
    let home = Home::start_alone().await;
    let person = home.person().await;
    let kids = second_profile(&home, &person).await;
    library(&home, &["A"]).await;
    let id = send(&home, &kids.viewer(), letterboxd("watched"), format!("{HEAD}{}", watched("A", 2000))).await;
    confirm(&home, &kids.viewer(), &id).await;
    let (waiting, _) = begin(&home, &kids.viewer(), &json!({"source": "trakt", "size": 2})).await;
    files(&home).put(&key(&waiting), b"[]".to_vec(), "text/csv", None).await.unwrap();
    let path = format!("/v1/users/me/profiles/{}", kids.profile);
    home.app.delete(&path).token(&person.token()).send().await.expect(204);
    assert!(!has_file(&home, &waiting).await);
    for table in ["imports", "import_lines", "imported_viewings"] {
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")));
        let count: i64 = count.fetch_one(&home.service.pool()).await.unwrap();
        assert_eq!(count, 0, "{table}");
    }
    // The link still works for a while.
    files(&home).put(&key(&waiting), b"[]".to_vec(), "text/csv", None).await.unwrap();
    assert_eq!(tell_file(&home, &waiting, 2).await, Outcome::Done);
    assert!(!has_file(&home, &waiting).await);
}

#[tokio::test]
async fn an_erased_history_is_erased_with_what_was_imported() {
    let home = Home::start().await;
    let person = home.person().await;
    let titles = library(&home, &["A", "B"]).await;
    let file = format!("{HEAD}{}{}", watched("A", 2000), watched("B", 2000));
    let id = send(&home, &person.viewer(), letterboxd("watched"), &file).await;
    confirm(&home, &person.viewer(), &id).await;
    home.app.delete(&format!("/v1/history/{}", titles[0])).token(&person.viewer()).send().await.expect(202);
    assert_eq!(home.titles(&person, "/v1/history").await, [titles[1]]);
    home.app.delete("/v1/history").token(&person.viewer()).send().await.expect(202);
    assert!(home.titles(&person, "/v1/history").await.is_empty());
    super::undo(&home, &person.viewer(), &id).await;
}

fn requested(person: &Person, profiles: &[ProfileId]) -> Event {
    let id: ErasureId = World::system().id();
    let data = ErasureRequested {
        erasure_id: id.to_string(),
        account_id: person.account.to_string(),
        requested_at: "2026-01-01T12:00:00Z".into(),
        profile_ids: profiles.iter().map(ToString::to_string).collect(),
    };
    Event::new(&World::system(), types::ERASURE_REQUESTED, id, 1, &data)
}

#[tokio::test]
async fn a_copy_holds_it_and_an_erasure_ends_it() {
    let home = Home::start_alone().await;
    let person = home.person().await;
    let titles = library(&home, &["A"]).await;
    let file = format!("{HEAD}{}{}", watched("A", 2000), watched("=1+1", 2000));
    let id = send(&home, &person.viewer(), letterboxd("watched"), &file).await;
    confirm(&home, &person.viewer(), &id).await;
    let (waiting, _) = begin(&home, &person.viewer(), &json!({"source": "trakt", "size": 2})).await;
    files(&home).put(&key(&waiting), b"[]".to_vec(), "text/csv", None).await.unwrap();

    let export: ExportId = World::system().id();
    let asked =
        user::export::requested(&World::system(), export, person.account, &[person.profile], World::system().now());
    let consumer = user::operations::consumers::export_account(&home.service.boot()).unwrap();
    assert_eq!(consumer.consume(asked, &unlimited()).await, Outcome::Done);
    let exports = stores::Bucket::new(home.service.aws(), home.service.var("BUCKET_EXPORTS"));
    let part = exports.get(&user::export::part_key(export, "user")).await.unwrap().unwrap();
    let part: Value = serde_json::from_slice(&part).unwrap();
    assert_eq!(json!([part["imports"][0]["id"], part["imports"][1]["id"]]), json!([id, waiting]));
    assert_eq!(
        json!([part["import_lines"][0]["title_id"], part["import_lines"][1]["text"]]),
        json!([titles[0], "'=1+1 (2000)"])
    );
    assert_eq!(
        json!([part["imported_viewings"][0]["title_id"], part["imported_viewings"][0]["import_id"]]),
        json!([titles[0], id])
    );

    let consumer = user::operations::consumers::erase_account(&home.service.boot()).unwrap();
    for _ in 0..2 {
        assert_eq!(consumer.consume(requested(&person, &[person.profile]), &unlimited()).await, Outcome::Done);
        assert!(!has_file(&home, &waiting).await);
    }
    for table in ["imports", "import_lines", "imported_viewings", "watchlist", "ratings"] {
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")));
        let count: i64 = count.fetch_one(&home.service.pool()).await.unwrap();
        assert_eq!(count, 0, "{table}");
    }
    files(&home).put(&key(&waiting), b"[]".to_vec(), "text/csv", None).await.unwrap();
    assert_eq!(tell_file(&home, &waiting, 2).await, Outcome::Done);
    assert!(!has_file(&home, &waiting).await);
}
