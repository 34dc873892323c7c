//! The login role of a service: it owns its schema and sees no other.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use crate::error::MigrateError;

/// Roles and databases belong to the whole server: whoever creates one holds this lock in the maintenance database.
const CREATION_LOCK: i64 = 0x6369_6e65_6d61;
/// Types and functions that every schema may use; only a superuser may create them.
const EXTENSIONS: [&str; 4] = ["pg_trgm", "unaccent", "citext", "btree_gist"];

/// How long a statement may wait for a row that somebody else holds.
const LOCK_TIMEOUT: &str = "3s";
/// How long a statement may run.
const STATEMENT_TIMEOUT: &str = "15s";
/// How long a transaction may do nothing: a sandbox that was frozen in one gives its locks back.
const IDLE_TIMEOUT: &str = "30s";

/// The name of a service's login role.
pub fn role_name(service: &str) -> String {
    format!("cinema_{service}")
}

/// Creates database, extensions, role and schema as far as they are missing.
pub(crate) async fn prepare(
    maintenance: &PgConnectOptions,
    database: &str,
    service: &str,
    password: &str,
) -> Result<(), MigrateError> {
    let step = |step: &str| {
        let step = step.to_owned();
        move |source| MigrateError::Postgres { step, source }
    };
    let mut server = maintenance.connect().await.map_err(step("connecting"))?;
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(CREATION_LOCK);
    lock.execute(&mut server).await.map_err(step("waiting for another migration"))?;
    create_database(&mut server, database).await.map_err(step("creating the database"))?;
    create_role(&mut server, service, password).await.map_err(step("creating the role"))?;
    let mut inside = maintenance.clone().database(database).connect().await.map_err(step("connecting"))?;
    create_schema(&mut inside, database, service).await.map_err(step("creating the schema"))?;
    inside.close().await.map_err(step("disconnecting"))?;
    // Closing gives the lock back.
    server.close().await.map_err(step("disconnecting"))
}

async fn create_database(server: &mut PgConnection, database: &str) -> Result<(), sqlx::Error> {
    let exists = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(database);
    if exists.fetch_one(&mut *server).await? {
        return Ok(());
    }
    execute(server, format!("CREATE DATABASE {}", identifier(database))).await
}

async fn create_role(server: &mut PgConnection, service: &str, password: &str) -> Result<(), sqlx::Error> {
    let role = role_name(service);
    let exists = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)").bind(&role);
    let verb = if exists.fetch_one(&mut *server).await? { "ALTER" } else { "CREATE" };
    let (role, password) = (identifier(&role), literal(password));
    // Not `NOSUPERUSER`, which is what a new role is anyway: only a superuser may say it about an old one, and RDS has none.
    execute(server, format!("{verb} ROLE {role} LOGIN NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD {password}")).await?;
    // Whoever is no superuser may give a schema only to a role that it can become.
    execute(server, format!("GRANT {role} TO CURRENT_USER")).await
}

async fn create_schema(inside: &mut PgConnection, database: &str, service: &str) -> Result<(), sqlx::Error> {
    let (database, role, schema) = (identifier(database), identifier(&role_name(service)), identifier(service));
    for extension in EXTENSIONS {
        execute(inside, format!("CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public")).await?;
    }
    for statement in [
        format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
        format!("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}"),
        format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role}"),
        format!("ALTER ROLE {role} IN DATABASE {database} SET search_path = {schema}, public"),
        // Of the role, not of the connection: RDS Proxy takes no settings at connect. A client waits ten seconds at most.
        format!("ALTER ROLE {role} IN DATABASE {database} SET lock_timeout = '{LOCK_TIMEOUT}'"),
        format!("ALTER ROLE {role} IN DATABASE {database} SET statement_timeout = '{STATEMENT_TIMEOUT}'"),
        format!("ALTER ROLE {role} IN DATABASE {database} SET idle_in_transaction_session_timeout = '{IDLE_TIMEOUT}'"),
    ] {
        execute(inside, statement).await?;
    }
    Ok(())
}

async fn execute(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    // Names cannot be parameters here; they are quoted by `identifier` and `literal`.
    connection.execute(AssertSqlSafe(statement)).await.map(drop)
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    // E'' so that the meaning of a backslash does not depend on a setting of the server.
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
