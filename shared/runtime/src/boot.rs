//! Wiring: hands out lazy clients and remembers which were asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use events::DeadLetters;
use kernel::{Territory, World};
use manifest::{ObjectAccess, Use, env};
use secrecy::ExposeSecret;
use stores::{
    Aws, Bucket, ClickHouse, DeadLetterQueues, Mailer, OpenSearch, PgPool, Queue, Redis, SecretHandle, StoreError,
    Stream, Table,
};

use crate::{Vars, references};

/// INIT may spend this much on opening connections.
const WARM_LIMIT: Duration = Duration::from_secs(1);

/// The configuration cannot work; the function must not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// A variable is absent or empty.
    #[error("{0} is not set")]
    Missing(String),
    /// A variable cannot be used.
    #[error("{name}: {reason}")]
    Invalid {
        /// The variable.
        name: String,
        /// What is wrong with it; never its value.
        reason: String,
    },
    /// A client cannot be built.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a function does with a bucket, table or secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only reads.
    Read,
    /// Only writes.
    Write,
    /// Both.
    ReadWrite,
}

impl Access {
    fn each(self) -> &'static [ObjectAccess] {
        match self {
            Self::Read => &[ObjectAccess::Read],
            Self::Write => &[ObjectAccess::Write],
            Self::ReadWrite => &[ObjectAccess::Read, ObjectAccess::Write],
        }
    }
}

/// What was asked for while wiring.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The words of `uses`.
    pub uses: BTreeSet<Use>,
    /// The words of `settings`.
    pub settings: BTreeSet<String>,
}

type Warmth = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Hands out lazy clients.
pub struct Boot {
    vars: Vars,
    recording: bool,
    world: World,
    needs: Mutex<Needs>,
    warmth: Mutex<Vec<Warmth>>,
    aws: OnceLock<Aws>,
    pool: OnceLock<PgPool>,
    redis: OnceLock<Redis>,
}

impl Boot {
    /// Wiring from variables. Clients must be built inside a tokio runtime.
    pub fn new(vars: Vars) -> Self {
        Self {
            vars,
            recording: false,
            world: World::system(),
            needs: Mutex::default(),
            warmth: Mutex::default(),
            aws: OnceLock::new(),
            pool: OnceLock::new(),
            redis: OnceLock::new(),
        }
    }

    /// Wiring without configuration or I/O, to learn what an operation asks for.
    pub fn recording() -> Self {
        Self::recording_with(Vars::default())
    }

    /// The same with some variables that are real.
    pub fn recording_with(vars: Vars) -> Self {
        Self { recording: true, ..Self::new(vars) }
    }

    /// The same wiring with a clock and entropy of one's own.
    pub fn with_world(self, world: World) -> Self {
        Self { world, ..self }
    }

    /// With the value of every secret that a variable refers to; nothing is asked where none does. A secret that cannot be read ends the start:
    /// without its configuration a function can do nothing.
    ///
    /// # Errors
    /// When a reference or a secret cannot be read, or a secret has no value.
    pub async fn resolved(mut self) -> Result<Self, BootError> {
        let invalid = |name: &str, reason| BootError::Invalid { name: name.to_owned(), reason };
        let mut names = BTreeSet::new();
        for (variable, value) in self.vars.pairs() {
            names.extend(references::secrets(value).map_err(|reason| invalid(variable, reason))?);
        }
        if names.is_empty() {
            return Ok(self);
        }
        let aws = self.aws()?;
        let reads = names.into_iter().map(|name| async move {
            let value = SecretHandle::new(aws, name.clone()).get().await?;
            let text = value.map(|value| value.expose_secret().to_owned()).unwrap_or_default();
            Ok::<_, StoreError>((name, text))
        });
        let known: BTreeMap<String, String> = futures::future::try_join_all(reads).await?.into_iter().collect();
        let fill = |(variable, value): (&str, &str)| match references::fill(value, &known) {
            Ok(value) => Ok((variable.to_owned(), value)),
            Err(reason) => Err(invalid(variable, reason)),
        };
        self.vars = self.vars.pairs().map(fill).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// What was asked for so far.
    pub fn needs(&self) -> Needs {
        self.needs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Clock and entropy.
    pub fn world(&self) -> World {
        self.world.clone()
    }

    /// A variable that every function has, or that exists only in some environments.
    pub fn var(&self, name: &str) -> Option<String> {
        self.vars.get(name).map(str::to_owned)
    }

    /// All variables.
    pub fn vars(&self) -> &Vars {
        &self.vars
    }

    /// A variable that must be set.
    pub fn required(&self, name: &str) -> Result<String, BootError> {
        match self.vars.get(name) {
            Some(value) => Ok(value.to_owned()),
            // Port 1 answers nobody.
            None if self.recording && name.ends_with("_URL") => Ok(match name {
                env::POSTGRES_URL => "postgres://recording@127.0.0.1:1/recording",
                env::REDIS_URL => "redis://127.0.0.1:1",
                _ => "http://127.0.0.1:1",
            }
            .to_owned()),
            None if self.recording => Ok("cmVjb3JkaW5nLXJlY29yZGluZy1yZWNvcmRpbmcgISE=".to_owned()),
            None => Err(BootError::Missing(name.to_owned())),
        }
    }

    /// A platform setting from the yaml's `settings`.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.needs.lock().unwrap_or_else(PoisonError::into_inner).settings.insert(name.to_owned());
        self.var(name)
    }

    /// Where requests come from in a deployment without an edge: `DEFAULT_TERRITORY`, or nowhere.
    pub fn default_territory(&self) -> Result<Territory, BootError> {
        let Some(text) = self.vars.get("DEFAULT_TERRITORY") else { return Ok(Territory::unknown()) };
        text.parse().map_err(|error: kernel::locale::FormError| BootError::Invalid {
            name: "DEFAULT_TERRITORY".to_owned(),
            reason: error.to_string(),
        })
    }

    fn note(&self, item: Use) {
        self.needs.lock().unwrap_or_else(PoisonError::into_inner).uses.insert(item);
    }

    fn warm_later(&self, warmth: impl Future<Output = ()> + Send + 'static) {
        self.warmth.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(warmth));
    }

    /// Something worth doing in INIT; its failure must not matter.
    pub fn also_warm(&self, warmth: impl Future<Output = ()> + Send + 'static) {
        if !self.recording {
            self.warm_later(warmth);
        }
    }

    /// Opens the connections of all clients that were asked for, at most for a second: INIT runs at full CPU whatever the memory.
    pub async fn warm(&self) {
        let warmth = std::mem::take(&mut *self.warmth.lock().unwrap_or_else(PoisonError::into_inner));
        let _ = tokio::time::timeout(WARM_LIMIT, futures::future::join_all(warmth)).await;
    }

    fn aws(&self) -> Result<&Aws, BootError> {
        if let Some(aws) = self.aws.get() {
            return Ok(aws);
        }
        let aws = if self.recording {
            Aws::new("eu-central-1".into(), keys("recording", "recording", None), Some("http://127.0.0.1:1".into()))
        } else {
            let keys = keys(
                &self.required("AWS_ACCESS_KEY_ID")?,
                &self.required("AWS_SECRET_ACCESS_KEY")?,
                self.var("AWS_SESSION_TOKEN"),
            );
            Aws::new(self.required("AWS_REGION")?, keys, self.var("AWS_ENDPOINT_URL"))
        };
        Ok(self.aws.get_or_init(|| aws))
    }

    /// The service's schema.
    pub fn postgres(&self) -> Result<PgPool, BootError> {
        self.note(Use::Postgres);
        if let Some(pool) = self.pool.get() {
            return Ok(pool.clone());
        }
        // One request at a time needs one connection; a test that runs requests in parallel asks for more.
        let connections = self.var("POSTGRES_CONNECTIONS").and_then(|text| text.parse().ok()).unwrap_or(1);
        // Nobody answers a recording: whoever calls its operations needs not wait for that.
        let acquire = match connections {
            _ if self.recording => Duration::from_millis(20),
            ..=1 => stores::postgres::ACQUIRE,
            _ => stores::postgres::SHARED_ACQUIRE,
        };
        let pool = stores::postgres::pool(&self.postgres_url()?, connections, acquire)?;
        let warm = pool.clone();
        self.warm_later(async move { drop(warm.acquire().await) });
        Ok(self.pool.get_or_init(|| pool).clone())
    }

    /// `POSTGRES_URL`; where all functions share one environment (`cargo lambda watch`), the one that carries the service's name.
    fn postgres_url(&self) -> Result<String, BootError> {
        let service = || self.vars.get("AWS_LAMBDA_FUNCTION_NAME")?.split('-').next().map(str::to_uppercase);
        match (self.vars.get(env::POSTGRES_URL), service()) {
            (None, Some(service)) if !self.recording => self.required(&format!("{}_{service}", env::POSTGRES_URL)),
            _ => self.required(env::POSTGRES_URL),
        }
    }

    /// Limits and caches.
    pub fn redis(&self) -> Result<Redis, BootError> {
        self.note(Use::Redis);
        if let Some(redis) = self.redis.get() {
            return Ok(redis.clone());
        }
        let redis = Redis::new(&self.required(env::REDIS_URL)?)?;
        let warm = redis.clone();
        self.warm_later(async move { warm.warm().await });
        Ok(self.redis.get_or_init(|| redis).clone())
    }

    /// Search indexes; each call ends after `timeout`.
    pub fn opensearch(&self, timeout: Duration) -> Result<OpenSearch, BootError> {
        self.note(Use::Opensearch);
        Ok(stores::opensearch::client(&self.required(env::OPENSEARCH_URL)?, timeout)?)
    }

    /// Analytics.
    pub fn clickhouse(&self) -> Result<ClickHouse, BootError> {
        self.note(Use::Clickhouse);
        let database = self.var("CLICKHOUSE_DATABASE").unwrap_or_else(|| "cinema".to_owned());
        Ok(stores::clickhouse::client(&self.required(env::CLICKHOUSE_URL)?, &database))
    }

    /// Outgoing mail.
    pub fn ses(&self) -> Result<Mailer, BootError> {
        self.note(Use::Ses);
        Ok(Mailer::new(self.aws()?, self.required(env::EMAIL_FROM)?))
    }

    /// A bucket by its logical name.
    pub fn bucket(&self, name: &str, access: Access) -> Result<Bucket, BootError> {
        for access in access.each() {
            self.note(Use::S3 { bucket: name.to_owned(), access: *access });
        }
        Ok(Bucket::new(self.aws()?, self.required(&env::bucket(name))?))
    }

    /// A bucket whose presigned links go to clients. AWS's own addresses are public; an emulator's is known on its machine only, so its links lead to
    /// the public address, where the edge passes on what is below `/storage`; they are signed with the secret by which the edge is known.
    pub fn links(&self, name: &str, access: Access) -> Result<Bucket, BootError> {
        let bucket = self.bucket(name, access)?;
        if !self.aws()?.path_style() {
            return Ok(bucket);
        }
        let endpoint = format!("{}/storage/", self.required("PUBLIC_URL")?.trim_end_matches('/'));
        Ok(bucket.behind(&endpoint, &self.var("ORIGIN_VERIFY").unwrap_or_default()))
    }

    /// Where a consumer keeps records that can never be applied, below `source/`.
    pub fn dead_letters(&self, source: &'static str) -> Result<DeadLetters, BootError> {
        Ok(DeadLetters::new(self.bucket("events-dead", Access::Write)?, source))
    }

    /// A table by its logical name.
    pub fn table(&self, name: &str, access: Access) -> Result<Table, BootError> {
        for access in access.each() {
            self.note(Use::Dynamodb { table: name.to_owned(), access: *access });
        }
        Ok(Table::new(self.aws()?, self.required(&env::table(name))?))
    }

    /// A queue to send to, by its logical name.
    pub fn queue(&self, name: &str) -> Result<Queue, BootError> {
        self.note(Use::Sqs(name.to_owned()));
        Ok(Queue::new(self.aws()?, self.required(&env::queue(name))?))
    }

    /// A stream to put on, by its logical name.
    pub fn stream(&self, name: &str) -> Result<Stream, BootError> {
        self.note(Use::Kinesis(name.to_owned()));
        Ok(Stream::new(self.aws()?, self.required(&env::stream(name))?))
    }

    /// A secret by its logical name.
    pub fn secret(&self, name: &str, access: Access) -> Result<SecretHandle, BootError> {
        for access in access.each() {
            self.note(Use::Secret { name: name.to_owned(), access: *access });
        }
        Ok(SecretHandle::new(self.aws()?, self.required(&env::secret(name))?))
    }

    /// Programs of a layer: its `bin` is on the `PATH`.
    pub fn layer(&self, name: &str) {
        self.note(Use::Layer(name.to_owned()));
    }

    /// The dead-letter queues of everything, to count what waits in them.
    pub fn dead_letter_queues(&self) -> Result<DeadLetterQueues, BootError> {
        self.note(Use::DeadLetters);
        Ok(DeadLetterQueues::new(self.aws()?))
    }

    /// The dead-letter queues of all queues, to move back what waits in them.
    pub fn redrive(&self) -> Result<DeadLetterQueues, BootError> {
        self.note(Use::Redrive);
        Ok(DeadLetterQueues::new(self.aws()?))
    }

    /// The AWS configuration, for the event router: its queues are those of all `events` consumers.
    pub fn aws_for_routing(&self) -> Result<Aws, BootError> {
        self.note(Use::EventQueues);
        self.aws().cloned()
    }
}

fn keys(id: &str, secret: &str, session: Option<String>) -> stores::aws::Keys {
    stores::aws::Keys { id: id.to_owned(), secret: secret.to_owned(), session }
}
