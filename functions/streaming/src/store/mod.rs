//! The table `playback`, single-table: what a start needs lies in one batch read, what it changes in one transaction.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `account#acc_…` | `grant` | the entitlement, projected |
//! | `account#acc_…` | `slots` | all stream-slot leases, with a version |
//! | `account#acc_…` | `answer#…` | the answer to an Idempotency-Key, for a day |
//! | `title#ttl_…` | `rules` | rules and film, projected |
//! | `profile#prf_…` | `position#ttl_…` | where the profile stopped |
//! | `session#pbs_…` | `session` | the session, while it lives and for a week |
//! | `erased#…` | `erased` | digest of an account that was erased |

mod people;
mod projections;
mod sessions;

use std::collections::HashMap;

use kernel::{AccountId, PlaybackId, ProfileId, TitleId};
use serde::{Serialize, de::DeserializeOwned};
use stores::{
    StoreError, Table,
    aws_sdk_dynamodb::{
        error::{ProvideErrorMetadata, SdkError},
        types::{AttributeValue, KeysAndAttributes},
    },
};

pub use people::Held;
pub use sessions::{Answer, Opened, Opening, Written};

/// How often a batch read asks again for what was throttled.
const READS: usize = 4;

type Item = HashMap<String, AttributeValue>;

/// The table.
#[derive(Clone)]
pub struct Store {
    table: Table,
}

/// Primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key(String, String);

impl Key {
    fn grant(account: AccountId) -> Self {
        Self(format!("account#{account}"), "grant".to_owned())
    }

    fn slots(account: AccountId) -> Self {
        Self(format!("account#{account}"), "slots".to_owned())
    }

    fn answer(account: AccountId, digest: &str) -> Self {
        Self(format!("account#{account}"), format!("answer#{digest}"))
    }

    fn title(title: TitleId) -> Self {
        Self(format!("title#{title}"), "rules".to_owned())
    }

    fn position(profile: ProfileId, title: TitleId) -> Self {
        Self(Self::positions(profile), format!("position#{title}"))
    }

    /// The partition of a profile's positions.
    fn positions(profile: ProfileId) -> String {
        format!("profile#{profile}")
    }

    fn session(session: PlaybackId) -> Self {
        Self(format!("session#{session}"), "session".to_owned())
    }

    fn attributes(&self) -> Item {
        HashMap::from([("pk".to_owned(), text(&self.0)), ("sk".to_owned(), text(&self.1))])
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn failed(error: impl std::error::Error) -> StoreError {
    StoreError::new("dynamodb", error)
}

/// Whether a conditional write found something else than expected.
fn is_conflict<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    const CODES: [&str; 3] =
        ["ConditionalCheckFailedException", "TransactionCanceledException", "TransactionConflictException"];
    error.as_service_error().and_then(ProvideErrorMetadata::code).is_some_and(|code| CODES.contains(&code))
}

fn item(key: &Key, value: &impl Serialize) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(failed)?;
    item.extend(key.attributes());
    Ok(item)
}

fn parse<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(failed)
}

/// What a batch read has found.
struct Found(HashMap<Key, Item>);

impl Found {
    fn take<T: DeserializeOwned>(&mut self, key: &Key) -> Result<Option<T>, StoreError> {
        self.0.remove(key).map(parse).transpose()
    }
}

impl Store {
    /// Items of the table `playback`.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Reads items, all of them consistently.
    async fn read(&self, keys: &[Key]) -> Result<Found, StoreError> {
        let mut found = HashMap::new();
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(Key::attributes).collect()))
            .consistent_read(true)
            .build()
            .map_err(failed)?;
        let mut request = HashMap::from([(self.table.name.clone(), wanted)]);
        for attempt in 0..READS {
            if attempt > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(10 << attempt)).await;
            }
            let answer =
                self.table.client.batch_get_item().set_request_items(Some(request)).send().await.map_err(failed)?;
            for item in answer.responses.unwrap_or_default().into_values().flatten() {
                let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
                found.insert(Key(part("pk"), part("sk")), item);
            }
            request = answer.unprocessed_keys.unwrap_or_default();
            if request.is_empty() {
                return Ok(Found(found));
            }
        }
        Err(StoreError { engine: "dynamodb", detail: "reads are throttled".to_owned() })
    }

    async fn read_one<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let request = self.table.client.get_item().table_name(&self.table.name).set_key(Some(key.attributes()));
        let answer = request.consistent_read(true).send().await.map_err(failed)?;
        answer.item.map(parse).transpose()
    }
}
