//! Against the real engines: schemas are separate, a second run changes nothing, a changed file is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use migrations::{MigrateError, clickhouse_client, migrate, migrate_clickhouse};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

fn engine(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run the tests with `cargo cinema test`"))
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn fresh_name() -> String {
    format!("migrations_{}", uuid::Uuid::now_v7().simple())
}

async fn drop_database(superuser: &str, database: &str) {
    let mut server = PgConnection::connect(superuser).await.unwrap();
    server.execute(AssertSqlSafe(format!("DROP DATABASE {database} WITH (FORCE)"))).await.unwrap();
}

/// The same in every test: roles belong to the whole server, and the last password counts.
const PASSWORD: &str = "a'b\\c";

fn repository() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "shared/events/migrations/0001_outbox.sql", "CREATE TABLE outbox (id int)");
    write(root.path(), "functions/catalog/migrations/0100_titles.sql", "CREATE TABLE titles (id int, name citext)");
    write(root.path(), "functions/user/migrations/0100_profiles.sql", "CREATE TABLE profiles (id int)");
    root
}

#[tokio::test]
async fn a_role_reaches_its_own_schema_only() {
    let (superuser, database, root) = (engine("CINEMA_TEST_POSTGRES_URL"), fresh_name(), repository());
    let run = |service| {
        let (superuser, database, root) = (superuser.clone(), database.clone(), root.path().to_owned());
        tokio::spawn(async move { migrate(&superuser, &database, &root, service, PASSWORD).await.unwrap() })
    };
    // At the same time, and twice.
    let jobs = [run("catalog"), run("user"), run("catalog"), run("user")];
    let mut urls = Vec::new();
    for job in jobs {
        urls.push(job.await.unwrap());
    }
    assert_eq!((&urls[0], &urls[1]), (&urls[2], &urls[3]));

    let mut catalog = PgConnection::connect(&urls[0]).await.unwrap();
    catalog.execute("INSERT INTO titles (id, name) SELECT 1, 'Война' WHERE similarity('a', 'a') = 1").await.unwrap();
    catalog.execute("INSERT INTO outbox (id) VALUES (1)").await.unwrap();
    let schema: String = sqlx::query_scalar("SELECT current_schema()::text").fetch_one(&mut catalog).await.unwrap();
    assert_eq!(schema, "catalog");
    for refused in [
        "SELECT * FROM \"user\".profiles",
        "CREATE TABLE \"user\".mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
    ] {
        let error = catalog.execute(refused).await.unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{refused}: {error}");
    }
    catalog.close().await.unwrap();
    drop_database(&superuser, &database).await;
}

/// RDS gives nobody a superuser: its master may create roles and databases.
#[tokio::test]
async fn a_master_that_is_no_superuser_migrates_as_often_as_it_likes() {
    let (superuser, database) = (engine("CINEMA_TEST_POSTGRES_URL"), fresh_name());
    let (master, service) = (database.replace("migrations", "master"), database.replace("migrations_", "t"));
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &format!("functions/{service}/migrations/0100_titles.sql"), "CREATE TABLE titles (name citext)");
    let mut server = PgConnection::connect(&superuser).await.unwrap();
    let create = format!("CREATE ROLE {master} LOGIN CREATEROLE CREATEDB PASSWORD 'x'");
    server.execute(AssertSqlSafe(create)).await.unwrap();
    let place =
        superuser.rsplit_once('@').map_or_else(|| superuser.trim_start_matches("postgres://"), |(_, place)| place);
    let url = format!("postgres://{master}:x@{place}");
    for password in ["first", "second"] {
        let own = migrate(&url, &database, root.path(), &service, password).await.unwrap();
        let mut own = PgConnection::connect(&own).await.unwrap();
        own.execute("INSERT INTO titles VALUES ('Solaris')").await.unwrap();
        own.close().await.unwrap();
    }
    drop_database(&superuser, &database).await;
    server.execute(AssertSqlSafe(format!("DROP ROLE cinema_{service}, {master}"))).await.unwrap();
}

#[tokio::test]
async fn whoever_waits_or_stands_still_in_a_transaction_is_stopped() {
    let (superuser, database, root) = (engine("CINEMA_TEST_POSTGRES_URL"), fresh_name(), repository());
    let url = migrate(&superuser, &database, root.path(), "catalog", PASSWORD).await.unwrap();
    let mut holder = PgConnection::connect(&url).await.unwrap();
    for (setting, value) in
        [("lock_timeout", "3s"), ("statement_timeout", "15s"), ("idle_in_transaction_session_timeout", "30s")]
    {
        let found: String =
            sqlx::query_scalar(AssertSqlSafe(format!("SHOW {setting}"))).fetch_one(&mut holder).await.unwrap();
        assert_eq!(found, value, "{setting}");
    }
    holder.execute("INSERT INTO titles (id) VALUES (1)").await.unwrap();
    holder.execute("BEGIN").await.unwrap();
    holder.execute("UPDATE titles SET id = 1").await.unwrap();
    let mut waiter = PgConnection::connect(&url).await.unwrap();
    let refused = waiter.execute("UPDATE titles SET id = 1").await.unwrap_err();
    // lock_not_available
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("55P03"));
    holder.execute("ROLLBACK").await.unwrap();
    drop_database(&superuser, &database).await;
}

#[tokio::test]
async fn mistakes_in_migrations_are_refused() {
    let (superuser, database, root) = (engine("CINEMA_TEST_POSTGRES_URL"), fresh_name(), repository());
    let run = || migrate(&superuser, &database, root.path(), "catalog", PASSWORD);
    run().await.unwrap();
    write(root.path(), "functions/catalog/migrations/0100_titles.sql", "CREATE TABLE titles (id bigint)");
    assert!(matches!(run().await, Err(MigrateError::Migration { .. })));
    write(root.path(), "functions/catalog/migrations/0007_early.sql", "SELECT 1");
    assert!(matches!(run().await, Err(MigrateError::Version { version: 7, .. })));
    assert!(matches!(
        migrate(&superuser, &database, root.path(), "a\"b", PASSWORD).await,
        Err(MigrateError::Service(_))
    ));
    drop_database(&superuser, &database).await;
}

#[tokio::test]
async fn clickhouse_files_run_once() {
    let (url, database, root) = (engine("CINEMA_TEST_CLICKHOUSE_URL"), fresh_name(), tempfile::tempdir().unwrap());
    let first = "functions/analytics/clickhouse/0001_views.sql";
    let table = "CREATE TABLE IF NOT EXISTS views (n UInt32 DEFAULT 1 > 0 ? 1 : 2) ENGINE = MergeTree ORDER BY n;\n\
         INSERT INTO views VALUES (7);";
    write(root.path(), first, table);
    write(root.path(), "functions/analytics/clickhouse/0002_more.sql", "INSERT INTO views VALUES (8)");
    let run = || migrate_clickhouse(&url, &database, root.path());
    assert_eq!(run().await.unwrap(), 2);
    assert_eq!(run().await.unwrap(), 0);
    let client = clickhouse_client(&url).with_database(&database);
    let rows: Vec<u32> = client.query("SELECT n FROM views ORDER BY n").fetch_all().await.unwrap();
    assert_eq!(rows, [7, 8]);
    write(root.path(), first, "SELECT 1");
    assert!(matches!(run().await, Err(MigrateError::Changed(_))));
    client.query(&format!("DROP DATABASE {database}")).execute().await.unwrap();
}
