//! Brings the schemas of a deployed cinema up to date; runs beside its database. `migrate FOLDER`, where FOLDER holds `functions` and `shared`.
//!
//! `DATABASE_HOST` and `DATABASE_PORT` say where Postgres is, `DATABASE_CA` which file has the roots of its certificate; `MASTER` is `{"username", "password"}` of
//! whoever may create roles, `PASSWORDS` the password of each service, `CLICKHOUSE_URL` the URL of ClickHouse.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use migrations::{migrate, migrate_clickhouse};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// The Postgres database and the ClickHouse database.
const DATABASE: &str = "cinema";

#[derive(Deserialize)]
struct Master {
    username: String,
    password: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let folder = std::env::args().nth(1).ok_or("usage: migrate FOLDER")?;
    let (root, superuser) = (Path::new(&folder), superuser_url()?);
    let passwords: BTreeMap<String, String> = json("PASSWORDS")?;
    for (service, password) in passwords {
        migrate(&superuser, DATABASE, root, &service, &password).await.map_err(|error| error.to_string())?;
        say(&format!("{service} is up to date"));
    }
    let files = migrate_clickhouse(&variable("CLICKHOUSE_URL")?, DATABASE, root).await;
    let files = files.map_err(|error| error.to_string())?;
    say(&format!("{files} new files in ClickHouse"));
    Ok(())
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn superuser_url() -> Result<String, String> {
    let Master { username, password } = json("MASTER")?;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (host, port) = (variable("DATABASE_HOST")?, variable("DATABASE_PORT")?);
    let trust = format!("sslmode=verify-full&sslrootcert={}", encoded(&variable("DATABASE_CA")?));
    Ok(format!("postgres://{}:{}@{host}:{port}/postgres?{trust}", encoded(&username), encoded(&password)))
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} is not set"))
}

/// The reason never holds the value.
fn json<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, String> {
    serde_json::from_str(&variable(name)?).map_err(|_| format!("{name} is not the JSON that is expected"))
}
