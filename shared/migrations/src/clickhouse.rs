//! The tables of analytics: `functions/analytics/clickhouse/<number>_<name>.sql`, run once each and in order.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use transport::query_value;

use crate::error::MigrateError;
use crate::statements;

const FOLDER: &str = "functions/analytics/clickhouse";
const JOURNAL: &str = "CREATE TABLE IF NOT EXISTS migrations (version UInt32, name String, checksum String, \
     applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY version";

#[derive(Row, Serialize, Deserialize)]
struct Applied {
    version: u32,
    name: String,
    checksum: String,
}

/// Creates `database` if it is missing and runs what its table `migrations` does not list; returns how many files ran.
///
/// ClickHouse has no transactions over DDL: a file that fails half-way runs again as a whole, so its statements say
/// `IF NOT EXISTS`. Names in the files are unqualified, so that a test can use a database of its own.
pub async fn migrate_clickhouse(url: &str, database: &str, root: &Path) -> Result<usize, MigrateError> {
    let server = clickhouse_client(url);
    execute(&server, "creating the database", &format!("CREATE DATABASE IF NOT EXISTS `{database}`")).await?;
    let client = server.with_database(database);
    execute(&client, "creating the journal", JOURNAL).await?;
    let failed = |source| MigrateError::Clickhouse { step: "reading the journal".to_owned(), source };
    let applied: Vec<Applied> =
        client.query("SELECT version, name, checksum FROM migrations").fetch_all().await.map_err(failed)?;
    let applied: BTreeMap<u32, String> = applied.into_iter().map(|row| (row.version, row.checksum)).collect();

    let mut ran = 0;
    for (version, file) in files(&root.join(FOLDER))? {
        let unreadable = |source| MigrateError::Unreadable { file: file.clone(), source };
        let text = fs::read_to_string(&file).map_err(unreadable)?;
        let checksum = hex::encode(Sha256::digest(&text));
        match applied.get(&version) {
            Some(known) if *known == checksum => continue,
            Some(_) => return Err(MigrateError::Changed(file)),
            None => {}
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for statement in statements::split(&text) {
            execute(&client, &name, &statement).await?;
        }
        record(&client, Applied { version, name, checksum }).await?;
        ran += 1;
    }
    Ok(ran)
}

/// A client with the user and the password of the URL's query, which the client itself forgets.
pub fn clickhouse_client(url: &str) -> Client {
    let client = Client::default().with_url(url);
    match (query_value(url, "user"), query_value(url, "password")) {
        (Some(user), Some(password)) => client.with_user(user).with_password(password),
        _ => client,
    }
}

async fn execute(client: &Client, step: &str, statement: &str) -> Result<(), MigrateError> {
    // The client takes `?` for a parameter unless it is doubled.
    let query = client.query(&statement.replace('?', "??"));
    query.execute().await.map_err(|source| MigrateError::Clickhouse { step: step.to_owned(), source })
}

async fn record(client: &Client, row: Applied) -> Result<(), MigrateError> {
    let step = format!("recording {}", row.name);
    let query = client
        .query("INSERT INTO migrations (version, name, checksum) VALUES (?, ?, ?)")
        .bind(row.version)
        .bind(row.name)
        .bind(row.checksum);
    query.execute().await.map_err(|source| MigrateError::Clickhouse { step, source })
}

fn files(folder: &Path) -> Result<Vec<(u32, PathBuf)>, MigrateError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |source| MigrateError::Unreadable { file: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let version = name.split_once('_').and_then(|(number, _)| number.parse().ok());
        files.push((version.ok_or_else(|| MigrateError::Unnumbered(file.clone()))?, file));
    }
    files.sort();
    Ok(files)
}
