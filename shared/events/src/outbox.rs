//! The transactional outbox: what others must hear is committed with the change and published right after it; what a crash leaves behind,
//! the service's relay publishes.

use std::{
    collections::{BTreeMap, HashMap},
    str::FromStr,
    sync::Arc,
};

use serde_json::Value;
use sqlx::{PgConnection, PgPool, PgTransaction};
use stores::{Queue, StoreError, Stream, postgres};

use crate::Event;

/// How many rows one round of the relay takes.
const ROUND: i64 = 200;
/// Rows younger than this belong to the invocation that wrote them.
const SETTLED_SECONDS: f64 = 5.0;

/// Where a letter goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Destination {
    /// A stream.
    Kinesis(String),
    /// A queue: for whatever carries a secret and for jobs.
    Sqs(String),
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kinesis(stream) => write!(f, "kinesis:{stream}"),
            Self::Sqs(queue) => write!(f, "sqs:{queue}"),
        }
    }
}

impl FromStr for Destination {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self, StoreError> {
        match text.split_once(':') {
            Some(("kinesis", stream)) => Ok(Self::Kinesis(stream.to_owned())),
            Some(("sqs", queue)) => Ok(Self::Sqs(queue.to_owned())),
            _ => Err(StoreError { engine: "outbox", detail: format!("unknown destination {text}") }),
        }
    }
}

/// Something to tell.
#[derive(Debug, Clone)]
pub struct Letter {
    destination: Destination,
    key: String,
    body: Value,
}

impl Letter {
    /// An event for everybody.
    pub fn event(event: &Event) -> Self {
        Self::event_to(Destination::Kinesis("domain-events".to_owned()), event)
    }

    /// An event for one destination.
    pub fn event_to(destination: Destination, event: &Event) -> Self {
        Self { destination, key: event.subject.clone(), body: serde_json::to_value(event).unwrap_or_default() }
    }

    /// A message for one queue.
    pub fn message(queue: &str, key: impl ToString, body: Value) -> Self {
        Self { destination: Destination::Sqs(queue.to_owned()), key: key.to_string(), body }
    }
}

/// Rows that were written and wait for [`Outbox::publish`] after the commit.
#[must_use = "publish them after the commit"]
#[derive(Debug, Default)]
pub struct Posted(Vec<i64>);

/// The outbox of a service's schema with the destinations it can reach.
#[derive(Clone)]
pub struct Outbox {
    pool: PgPool,
    streams: Arc<HashMap<String, Stream>>,
    queues: Arc<HashMap<String, Queue>>,
}

impl Outbox {
    /// An outbox that reaches nothing yet.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, streams: Arc::default(), queues: Arc::default() }
    }

    /// Adds a stream by its logical name.
    pub fn stream(mut self, name: &str, stream: Stream) -> Self {
        Arc::make_mut(&mut self.streams).insert(name.to_owned(), stream);
        self
    }

    /// Adds a queue by its logical name.
    pub fn queue(mut self, name: &str, queue: Queue) -> Self {
        Arc::make_mut(&mut self.queues).insert(name.to_owned(), queue);
        self
    }

    /// Writes letters in the caller's transaction.
    pub async fn post(
        &self,
        transaction: &mut PgConnection,
        letters: impl IntoIterator<Item = Letter>,
    ) -> Result<Posted, sqlx::Error> {
        let mut ids = Vec::new();
        for letter in letters {
            let id = sqlx::query_scalar(
                "insert into outbox (destination, partition_key, body) values ($1, $2, $3) returning id",
            )
            .bind(letter.destination.to_string())
            .bind(letter.key)
            .bind(letter.body)
            .fetch_one(&mut *transaction)
            .await?;
            ids.push(id);
        }
        Ok(Posted(ids))
    }

    /// Ends the transaction of a change: what has come about is committed and its letters are published, what has not is rolled back.
    ///
    /// # Errors
    /// The outcome's, or that committing failed.
    pub async fn settle<T, E: From<sqlx::Error>>(
        &self,
        transaction: PgTransaction<'_>,
        outcome: Result<(T, Posted), E>,
    ) -> Result<T, E> {
        let (value, posted) = postgres::settle(transaction, outcome).await?;
        self.publish(posted).await;
        Ok(value)
    }

    /// Publishes what was just committed. A failure is logged and left to the relay: the change itself has happened.
    pub async fn publish(&self, posted: Posted) {
        if posted.0.is_empty() {
            return;
        }
        let claim = "select id, destination, partition_key, body from outbox where id = any($1) order by id for update skip locked";
        if let Err(error) = self.drain(sqlx::query_as(claim).bind(posted.0)).await {
            tracing::warn!(%error, "outbox rows are left to the relay");
        }
    }

    /// One round of the relay; returns how many rows were published. Call it until it returns 0.
    ///
    /// Rows leave in the order in which they were written, those of one aggregate therefore too; one round at a time per service.
    pub async fn relay(&self) -> Result<usize, StoreError> {
        let claim = "select id, destination, partition_key, body from outbox \
                     where created_at < now() - make_interval(secs => $1) order by id limit $2 for update skip locked";
        self.drain(sqlx::query_as(claim).bind(SETTLED_SECONDS).bind(ROUND)).await
    }

    async fn drain(
        &self,
        claim: sqlx::query::QueryAs<'_, sqlx::Postgres, Row, sqlx::postgres::PgArguments>,
    ) -> Result<usize, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let rows: Vec<Row> = claim.fetch_all(&mut *transaction).await?;
        let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in &rows {
            groups.entry(&row.1).or_default().push(row);
        }
        let mut published = Vec::new();
        let mut failure = None;
        for (destination, rows) in groups {
            match self.send(&destination.parse()?, &rows).await {
                Ok(()) => published.extend(rows.iter().map(|row| row.0)),
                Err(error) => failure = Some(error),
            }
        }
        sqlx::query("delete from outbox where id = any($1)").bind(&published).execute(&mut *transaction).await?;
        transaction.commit().await?;
        failure.map_or(Ok(published.len()), Err)
    }

    async fn send(&self, destination: &Destination, rows: &[&Row]) -> Result<(), StoreError> {
        let unreachable = || StoreError { engine: "outbox", detail: format!("{destination} is not wired") };
        match destination {
            Destination::Kinesis(name) => {
                let stream = self.streams.get(name).ok_or_else(unreachable)?;
                let entries: Vec<_> = rows.iter().map(|row| (row.2.clone(), row.3.to_string().into_bytes())).collect();
                stream.put_all(&entries).await
            }
            Destination::Sqs(name) => {
                let queue = self.queues.get(name).ok_or_else(unreachable)?;
                let bodies: Vec<_> = rows.iter().map(|row| row.3.to_string()).collect();
                queue.send_all(&bodies).await
            }
        }
    }
}

/// id, destination, partition key, body
type Row = (i64, String, String, Value);

tokio::task_local! {
    /// The W3C trace context of the invocation, copied into every event it emits.
    pub static TRACEPARENT: Option<String>;
}

/// The trace context of the running invocation.
pub(crate) fn current_traceparent() -> Option<String> {
    TRACEPARENT.try_with(Clone::clone).ok().flatten()
}
