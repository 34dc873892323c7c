//! The transactional outbox: what others must hear is committed with the change and published right after it; what a crash leaves behind,
//! the service's relay publishes.

use std::{
    collections::{BTreeMap, HashMap},
    ops::{Deref, DerefMut},
    str::FromStr,
    sync::Arc,
};

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use stores::{Queue, StoreError, Stream, postgres};

use crate::{Deadline, Event, Outcome};

/// How many rows one round of the relay takes.
const ROUND: i64 = 200;
/// A round must be able to end.
const ROUND_TIME: time::Duration = time::Duration::seconds(5);
/// Rows younger than this belong to the invocation that wrote them.
const SETTLED_SECONDS: f64 = 5.0;

/// Where a message goes.
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

/// An event or a job that leaves after the commit.
#[derive(Debug, Clone)]
pub struct Message {
    destination: Destination,
    key: String,
    body: Value,
}

impl Message {
    /// An event for everybody.
    pub fn event(event: &Event) -> Self {
        Self::event_to(Destination::Kinesis("domain-events".to_owned()), event)
    }

    /// An event for one destination.
    pub fn event_to(destination: Destination, event: &Event) -> Self {
        Self { destination, key: event.subject.clone(), body: serde_json::to_value(event).unwrap_or_default() }
    }

    /// A message for one queue.
    pub fn to_queue(queue: &str, key: impl ToString, body: Value) -> Self {
        Self { destination: Destination::Sqs(queue.to_owned()), key: key.to_string(), body }
    }
}

/// A change with the messages that others must get because of it. Dereferences to the connection.
pub struct Transaction<'a> {
    connection: &'a mut PgConnection,
    written: Vec<i64>,
}

impl Deref for Transaction<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection
    }
}

impl Transaction<'_> {
    /// Tells everybody: the event goes to `domain-events` after the commit.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn emit(&mut self, event: &Event) -> Result<(), sqlx::Error> {
        self.send(Message::event(event)).await
    }

    /// Sends a message to wherever it is addressed, after the commit.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn send(&mut self, message: Message) -> Result<(), sqlx::Error> {
        let id = write(self.connection, message).await?;
        self.written.push(id);
        Ok(())
    }
}

async fn write(connection: &mut PgConnection, message: Message) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("insert into outbox (destination, partition_key, body) values ($1, $2, $3) returning id")
        .bind(message.destination.to_string())
        .bind(message.key)
        .bind(message.body)
        .fetch_one(connection)
        .await
}

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

    /// Runs `work` in a transaction: its `Ok` is committed and what it wrote is published, its `Err` is rolled back. The only way to a
    /// transaction with messages.
    ///
    /// Work that must be kept although the caller is refused (a counted attempt) returns the refusal inside its `Ok`.
    ///
    /// # Errors
    /// The work's own, or that the transaction could not begin or commit.
    pub async fn transact<T, E: From<sqlx::Error>>(
        &self,
        work: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = postgres::begin(&self.pool).await?;
        let mut transaction = Transaction { connection: &mut connection, written: Vec::new() };
        // Boxed: the compiler limits how deep futures may lie in each other (128).
        let outcome = Box::pin(work(&mut transaction)).await;
        let written = transaction.written;
        let value = postgres::end(connection, outcome).await?;
        self.publish(written).await;
        Ok(value)
    }

    /// The pool of the schema, for reads beside a transaction.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The relay of a service: publishes until nothing is left or the deadline is near.
    pub async fn relay_until(&self, deadline: &Deadline) -> Outcome {
        while deadline.allows(ROUND_TIME) {
            match self.relay().await {
                Ok(0) => return Outcome::Done,
                Ok(published) => tracing::info!(published, "left behind by a crash"),
                Err(error) => return Outcome::retry(error),
            }
        }
        Outcome::Done
    }

    /// Publishes what was just committed. A failure is logged and left to the relay: the change itself has happened.
    async fn publish(&self, written: Vec<i64>) {
        if written.is_empty() {
            return;
        }
        let claim = "select id, destination, partition_key, body from outbox where id = any($1) order by id for update skip locked";
        if let Err(error) = self.drain(sqlx::query_as(claim).bind(written)).await {
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
        let mut transaction = postgres::begin(&self.pool).await?;
        let outcome = self.drain_within(&mut transaction, claim).await;
        postgres::end(transaction, outcome).await?
    }

    /// The inner result is what was published, or why not everything was: either way the rows that left are deleted.
    async fn drain_within(
        &self,
        transaction: &mut PgConnection,
        claim: sqlx::query::QueryAs<'_, sqlx::Postgres, Row, sqlx::postgres::PgArguments>,
    ) -> Result<Result<usize, StoreError>, StoreError> {
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
        Ok(failure.map_or(Ok(published.len()), Err))
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
