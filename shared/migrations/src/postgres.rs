//! One schema per service, brought up to date by the service's own role.

use std::path::Path;
use std::str::FromStr;

use sqlx::migrate::{Migration, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::error::MigrateError;
use crate::role::{self, role_name};

/// Tables that every service with a schema has, each beside the code that uses it: outbox and idempotency keys.
const SHARED: [&str; 2] = ["shared/events/migrations", "shared/http/migrations"];
const FIRST_OWN_VERSION: i64 = 100;

/// Creates the database, the role `cinema_<service>` and the schema `<service>` as far as they are missing, then runs the
/// shared and the service's own migrations in it. Returns the URL with which the service connects.
///
/// Safe to call at the same time for several services and from several processes.
pub async fn migrate(
    superuser_url: &str,
    database: &str,
    root: &Path,
    service: &str,
    password: &str,
) -> Result<String, MigrateError> {
    let is_name = !service.is_empty() && service.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if !is_name {
        return Err(MigrateError::Service(service.to_owned()));
    }
    let maintenance = PgConnectOptions::from_str(superuser_url)
        .map_err(|source| MigrateError::Postgres { step: "reading the URL".to_owned(), source })?;
    role::prepare(&maintenance, database, service, password).await?;

    let own = maintenance.username(&role_name(service)).password(password).database(database);
    let migrator = Migrator::with_migrations(collect(root, service).await?);
    let failed = |source| MigrateError::Postgres { step: format!("connecting as {}", role_name(service)), source };
    let mut connection = own.connect().await.map_err(failed)?;
    let run = migrator.run_direct(None, &mut connection, false).await;
    run.map_err(|source| MigrateError::Migration { service: service.to_owned(), source })?;
    connection.close().await.map_err(failed)?;
    Ok(plain_url(&own))
}

/// The shared migrations and the service's, as one sequence.
async fn collect(root: &Path, service: &str) -> Result<Vec<Migration>, MigrateError> {
    let shared =
        SHARED.map(|folder| (root.join(folder), (|version| version < FIRST_OWN_VERSION) as fn(i64) -> bool, "1 to 99"));
    let own = root.join("functions").join(service).join("migrations");
    let mut migrations = Vec::new();
    let own: (_, fn(i64) -> bool, _) = (own, |version| version >= FIRST_OWN_VERSION, "100 and above");
    for (folder, is_allowed, range) in shared.into_iter().chain([own]) {
        if !folder.is_dir() {
            continue;
        }
        let failed = |source| MigrateError::Migration { service: service.to_owned(), source };
        for migration in Migrator::new(folder.as_path()).await.map_err(failed)?.iter() {
            if !is_allowed(migration.version) {
                return Err(MigrateError::Version { folder, version: migration.version, range });
            }
            migrations.push(migration.clone());
        }
    }
    Ok(migrations)
}

/// Without the parameters that sqlx spells out although they are defaults.
fn plain_url(options: &PgConnectOptions) -> String {
    let mut url = options.to_url_lossy();
    url.set_query(None);
    url.to_string()
}
