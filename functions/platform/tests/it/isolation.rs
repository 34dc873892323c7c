//! The role of a service reaches no other service's schema: every ordered pair, with the real migrations.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Services with a schema.
fn services() -> Vec<String> {
    let folder = testkit::root().join("functions");
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let with_schema = entries.filter(|entry| entry.path().join("migrations").is_dir());
    let mut names: Vec<_> = with_schema.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn refused(connection: &mut PgConnection, statement: String) -> bool {
    match connection.execute(AssertSqlSafe(statement)).await {
        Ok(_) => false,
        Err(error) => error.to_string().contains("permission denied"),
    }
}

#[tokio::test]
async fn no_role_reads_or_writes_the_schema_of_another_service() {
    let superuser = testkit::Engines::from_env().postgres;
    let database = format!("isolation_{}", kernel::World::system().id::<kernel::EventId>());
    let root = testkit::root();
    let mut urls = BTreeMap::new();
    for service in services() {
        let url = migrations::migrate(&superuser, &database, &root, &service, &format!("of {service}")).await.unwrap();
        urls.insert(service, url);
    }
    assert!(urls.len() >= 5, "{urls:?}");
    let mut tables: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    for (service, url) in &urls {
        let mut own = PgConnection::connect(url).await.unwrap();
        let found: Vec<String> = sqlx::query_scalar(
            "select table_name::text from information_schema.tables where table_schema = current_schema() order by 1",
        )
        .fetch_all(&mut own)
        .await
        .unwrap();
        assert!(found.len() >= 2, "{service}: {found:?}");
        // The role itself does reach them: a refusal below is no mistake in a name.
        for table in &found {
            own.execute(AssertSqlSafe(format!("select 1 from \"{service}\".\"{table}\" limit 1"))).await.unwrap();
        }
        tables.insert(service, found);
    }
    let mut open = Vec::new();
    for (reader, url) in &urls {
        let mut connection = PgConnection::connect(url).await.unwrap();
        for (owner, tables) in tables.iter().filter(|(owner, _)| **owner != reader) {
            for table in tables {
                for statement in [
                    format!("select * from \"{owner}\".\"{table}\" limit 1"),
                    format!("delete from \"{owner}\".\"{table}\" where false"),
                    format!("truncate \"{owner}\".\"{table}\""),
                    format!("alter table \"{owner}\".\"{table}\" owner to cinema_{reader}"),
                ] {
                    if !refused(&mut connection, statement.clone()).await {
                        open.push(format!("{reader}: {statement}"));
                    }
                }
            }
            for statement in [
                format!("create table \"{owner}\".mine (id int)"),
                format!("grant usage on schema \"{owner}\" to cinema_{reader}"),
                format!("set role cinema_{owner}"),
                format!("set session authorization cinema_{owner}"),
            ] {
                if !refused(&mut connection, statement.clone()).await {
                    open.push(format!("{reader}: {statement}"));
                }
            }
        }
    }
    assert!(open.is_empty(), "{}", open.join("\n"));
    let mut server = PgConnection::connect(&superuser).await.unwrap();
    server.execute(AssertSqlSafe(format!("DROP DATABASE \"{database}\" WITH (FORCE)"))).await.unwrap();
}
