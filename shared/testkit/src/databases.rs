//! A database per test, and none of ended processes: a thousand tests would otherwise fill ten gigabytes.

use std::path::Path;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _};
use tokio::sync::OnceCell;

const PREFIX: &str = "test_";

/// A name that no other test has. The first call of a process drops the databases of processes that have ended.
pub async fn fresh(superuser_url: &str) -> String {
    static SWEPT: OnceCell<()> = OnceCell::const_new();
    SWEPT
        .get_or_init(async || {
            let options = PgConnectOptions::from_str(superuser_url).expect("a URL");
            let mut server = options.connect().await.expect("Postgres");
            sweep(&mut server).await.expect("dropping the databases of ended tests");
            server.close().await.expect("Postgres");
        })
        .await;
    format!("{PREFIX}{}_{}", std::process::id(), uuid::Uuid::now_v7().simple())
}

async fn sweep(server: &mut PgConnection) -> Result<(), sqlx::Error> {
    for row in server.fetch_all("SELECT datname::text FROM pg_database").await? {
        let name: String = row.get(0);
        if owner(&name).is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
            // Two processes may sweep at once.
            server.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))).await?;
        }
    }
    Ok(())
}

/// The process that a database was made for.
fn owner(database: &str) -> Option<&str> {
    let (owner, _) = database.strip_prefix(PREFIX)?.split_once('_')?;
    owner.bytes().all(|byte| byte.is_ascii_digit()).then_some(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_tells_whose_it_is() {
        assert_eq!(owner("test_123_0192"), Some("123"));
        for other in ["test_0192ab", "test_x1_0192", "cinema", "postgres", "test_"] {
            assert_eq!(owner(other), None, "{other}");
        }
    }
}
