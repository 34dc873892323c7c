//! Editors who are gone: what they did stays in the audit, under a name that is nobody's.

use events::{Erasure, Letter, Outbox, outbox::Posted};
use kernel::{World, tombstone};
use proto::types::CATALOG_ACCOUNT_ERASED;
use runtime::{Boot, BootError};
use sqlx::{PgConnection, PgPool, Row};
use time::OffsetDateTime;

/// The actor of whatever was done by somebody who was erased.
const NOBODY: &str = "erased";

/// Forgets editors.
#[derive(Clone)]
pub(crate) struct Erasures {
    pool: PgPool,
    outbox: Outbox,
    world: World,
}

impl Erasures {
    /// Asks for the schema and the stream of events.
    pub(crate) fn new(boot: &Boot) -> Result<Self, BootError> {
        let pool = boot.postgres()?;
        let outbox = Outbox::new(pool.clone()).stream("domain-events", boot.stream("domain-events")?);
        Ok(Self { pool, outbox, world: boot.world() })
    }

    /// Forgets an account and posts the receipt, the same again for a repetition.
    pub(crate) async fn erase(&self, erasure: Erasure) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let posted = self.apply(&mut transaction, &erasure).await;
        self.outbox.settle(transaction, posted.map(|posted| ((), posted))).await
    }

    async fn apply(&self, transaction: &mut PgConnection, erasure: &Erasure) -> Result<Posted, sqlx::Error> {
        // A change under way ends before; one that begins now sees the tombstone.
        sqlx::query("lock table audit in share row exclusive mode").execute(&mut *transaction).await?;
        let found = sqlx::query("select records, erased_at from erased_accounts where digest = $1")
            .bind(tombstone(erasure.account))
            .fetch_optional(&mut *transaction)
            .await?;
        let (records, erased_at): (i64, OffsetDateTime) = match found {
            Some(row) => (row.try_get("records")?, row.try_get("erased_at")?),
            None => self.bury(transaction, erasure).await?,
        };
        let records = u64::try_from(records).unwrap_or_default();
        let receipt = erasure.receipt(&self.world, CATALOG_ACCOUNT_ERASED, records, erased_at);
        self.outbox.post(transaction, [Letter::event(&receipt)]).await
    }

    async fn bury(
        &self,
        transaction: &mut PgConnection,
        erasure: &Erasure,
    ) -> Result<(i64, OffsetDateTime), sqlx::Error> {
        let (account, now) = (erasure.account.to_string(), self.world.now());
        let renamed = sqlx::query("update audit set actor = $2 where actor = $1")
            .bind(&account)
            .bind(NOBODY)
            .execute(&mut *transaction)
            .await?;
        let deleted = sqlx::query("delete from idempotency_keys where split_part(scope, ' ', 1) = $1")
            .bind(&account)
            .execute(&mut *transaction)
            .await?;
        let records = i64::try_from(renamed.rows_affected() + deleted.rows_affected()).unwrap_or(i64::MAX);
        // As Postgres keeps it: a repeated receipt must name the same moment.
        sqlx::query_as(
            "insert into erased_accounts (digest, records, erased_at) values ($1, $2, $3) returning records, erased_at",
        )
        .bind(tombstone(erasure.account))
        .bind(records)
        .bind(now)
        .fetch_one(transaction)
        .await
    }
}
