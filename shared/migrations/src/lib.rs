//! Brings the databases to the state their migrations describe: a schema and a role per service in Postgres, and the
//! tables of analytics in ClickHouse. Run by the deployer and by tests, never by a function.

mod clickhouse;
mod error;
mod postgres;
mod role;
mod statements;

pub use crate::clickhouse::{clickhouse_client, migrate_clickhouse};
pub use crate::error::MigrateError;
pub use crate::postgres::migrate;
pub use crate::role::role_name;
