//! What can stop a migration.

use std::path::PathBuf;

/// A migration that did not run; nothing of the failed step is kept in Postgres.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The service's name cannot be a schema.
    #[error("`{0}` cannot be the name of a service: lower-case letters and digits only")]
    Service(String),
    /// A file cannot be read.
    #[error("{}: {source}", .file.display())]
    Unreadable {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Shared migrations have the versions 1 to 99, a service's own begin at 100.
    #[error("{}: version {version} is outside {range}", .folder.display())]
    Version {
        /// Where the migration lies.
        folder: PathBuf,
        /// Its version.
        version: i64,
        /// What is allowed there.
        range: &'static str,
    },
    /// A file of a folder of ClickHouse migrations has no number.
    #[error("{}: expected `<number>_<name>.sql`", .0.display())]
    Unnumbered(PathBuf),
    /// A migration was changed after it had run.
    #[error("{} was changed after it had run", .0.display())]
    Changed(PathBuf),
    /// Postgres refused.
    #[error("postgres, {step}: {source}")]
    Postgres {
        /// What was being done.
        step: String,
        /// Why not.
        source: sqlx::Error,
    },
    /// A service's migration failed.
    #[error("migrations of {service}: {source}")]
    Migration {
        /// The service.
        service: String,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// ClickHouse refused.
    #[error("clickhouse, {step}: {source}")]
    Clickhouse {
        /// The file or step.
        step: String,
        /// Why not.
        source: ::clickhouse::error::Error,
    },
}
