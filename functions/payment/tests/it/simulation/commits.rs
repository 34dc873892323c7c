//! Commits that fail: the caller, or Postgres, dies with a transaction that was complete.

use sqlx::{AssertSqlSafe, PgPool};

/// What a failure of Postgres is called that passes without us.
const SQLSTATE: &str = "57P01";
/// Whose rows decide something.
const TABLES: [&str; 6] = ["subscriptions", "purchases", "invoices", "payments", "refunds", "promo_uses"];
/// Never reached.
const NONE: i64 = i64::MAX;

/// The rows of a schema, one of which will not be committed.
pub struct Commits {
    pool: PgPool,
    is_armed: bool,
}

impl Commits {
    /// Counts every row at the end of its transaction. Sequences count on although a transaction is rolled back.
    pub async fn watch(pool: PgPool) -> Self {
        let mut statements = vec![
            "create sequence rows_seen".to_owned(),
            format!("create sequence row_that_fails start {NONE}"),
            format!(
                "create function fail_one_commit() returns trigger language plpgsql as $$ begin \
                 if nextval('rows_seen') = (select last_value from row_that_fails) then \
                 raise exception 'the commit is lost' using errcode = '{SQLSTATE}'; end if; return null; end $$"
            ),
        ];
        statements.extend(TABLES.map(|table| {
            format!(
                "create constraint trigger fails after insert or update or delete on {table} \
                 deferrable initially deferred for each row execute function fail_one_commit()"
            )
        }));
        for statement in statements {
            sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
        }
        Self { pool, is_armed: false }
    }

    /// The commit with the row after so many others fails; none does without a number.
    pub async fn fail_after(&mut self, rows: Option<i64>) {
        if !self.is_armed && rows.is_none() {
            return;
        }
        self.is_armed = rows.is_some();
        let place = "select setval('row_that_fails', \
                     coalesce((select last_value from rows_seen) + $1 + (select is_called::int from rows_seen), $2))";
        sqlx::query(place).bind(rows).bind(NONE).execute(&self.pool).await.unwrap();
    }
}
