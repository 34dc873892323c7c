//! Sessions and slots: they change together, in one transaction that holds only for the versions that were read.

use kernel::{AccountId, PlaybackId, ProfileId, TitleId};
use serde::{Deserialize, Serialize};
use stores::{
    StoreError,
    aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update},
};
use time::{Duration, OffsetDateTime};

use super::{Item, Key, Store, failed, is_conflict, item, number, text};
use crate::{
    grant::Grant,
    lease::{Lease, Slots},
    millis,
    position::Position,
    session::{Session, State},
    title::Title,
};

/// A live session outlives its lease by this much before the table removes it, which is then told as its end.
const LINGER: Duration = Duration::hours(2);
/// An ended session stays known.
const KEEP_ENDED: Duration = Duration::days(7);
/// An answer stays known to its Idempotency-Key.
const KEEP_ANSWER: Duration = Duration::hours(24);
/// Live sessions are spread over this many partitions of the index by the end of their lease.
const DUE_SHARDS: u8 = 8;

/// What a start has to know.
pub struct Opening {
    /// What the account has paid for.
    pub grant: Option<Grant>,
    /// The title.
    pub title: Option<Title>,
    /// Where the profile stopped.
    pub position: Option<Position>,
    /// The account's slots.
    pub slots: Slots,
    /// The answer that the Idempotency-Key got before.
    pub answer: Option<Answer>,
}

/// A stored answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Of the request, hexadecimal.
    pub fingerprint: String,
    /// The body.
    pub body: String,
    /// When it was given.
    #[serde(with = "millis")]
    pub created_at: OffsetDateTime,
}

impl Answer {
    /// Whether the key still stands for it.
    pub fn is_kept(&self, now: OffsetDateTime) -> bool {
        now < self.created_at + KEEP_ANSWER
    }
}

/// What a start changes.
pub struct Opened<'a> {
    /// The new session.
    pub session: &'a Session,
    /// The slots afterwards.
    pub slots: &'a Slots,
    /// Leases that are over, with how their sessions ended.
    pub ended: Vec<(&'a Lease, State)>,
    /// The answer for the Idempotency-Key with this digest.
    pub answer: Option<(&'a str, &'a Answer)>,
}

/// How a conditional write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As intended.
    Done,
    /// Somebody else was faster: read and decide again.
    Conflict,
}

impl Store {
    /// Everything that a start decides on, in one call.
    pub async fn opening(
        &self,
        account: AccountId,
        profile: ProfileId,
        title: TitleId,
        answer: Option<&str>,
    ) -> Result<Opening, StoreError> {
        let (grant, slots) = (Key::grant(account), Key::slots(account));
        let (rules, position) = (Key::title(title), Key::position(profile, title));
        let answer = answer.map(|digest| Key::answer(account, digest));
        let mut keys = vec![grant.clone(), slots.clone(), rules.clone(), position.clone()];
        keys.extend(answer.clone());
        let mut found = self.read(&keys).await?;
        Ok(Opening {
            grant: found.take(&grant)?,
            title: found.take(&rules)?,
            position: found.take(&position)?,
            slots: found.take(&slots)?.unwrap_or_default(),
            answer: answer.map(|key| found.take(&key)).transpose()?.flatten(),
        })
    }

    /// Writes a start: the session, its slot, the end of what it takes the place of, and the answer.
    pub async fn open(&self, opened: &Opened<'_>, now: OffsetDateTime) -> Result<Written, StoreError> {
        let session = opened.session;
        let mut writes = vec![self.swap_slots(session.account, opened.slots)?, self.put_session(session)?];
        if opened.slots.version == 1 {
            // Later versions follow a slot that the erasure of the account has removed.
            writes.push(self.unless_erased(session.account)?);
        }
        for (lease, state) in &opened.ended {
            // Later than this the table may have removed the session already.
            if now < lease.ends_at + LINGER / 2 {
                writes.push(self.end_session(lease, *state, now)?);
            }
        }
        if let Some((digest, answer)) = opened.answer {
            writes.push(self.put_answer(&Key::answer(session.account, digest), answer, now)?);
        }
        self.transact(writes).await
    }

    /// Writes the next state of a session and of its account's slots.
    pub async fn advance(&self, session: &Session, slots: &Slots) -> Result<Written, StoreError> {
        let writes = vec![self.swap_slots(session.account, slots)?, self.put_session(session)?];
        self.transact(writes).await
    }

    /// A session.
    pub async fn session(&self, id: PlaybackId) -> Result<Option<Session>, StoreError> {
        self.read_one(&Key::session(id)).await
    }

    /// A session with the slots and the grant of the account that asks for it, in one call.
    pub async fn watching(
        &self,
        id: PlaybackId,
        account: AccountId,
    ) -> Result<Option<(Session, Slots, Option<Grant>)>, StoreError> {
        let (session, slots, grant) = (Key::session(id), Key::slots(account), Key::grant(account));
        let mut found = self.read(&[session.clone(), slots.clone(), grant.clone()]).await?;
        let Some(session) = found.take::<Session>(&session)?.filter(|session| session.account == account) else {
            return Ok(None);
        };
        Ok(Some((session, found.take(&slots)?.unwrap_or_default(), found.take(&grant)?)))
    }

    pub(super) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Written, StoreError> {
        match self.table.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if is_conflict(&error) => Ok(Written::Conflict),
            Err(error) => Err(failed(error)),
        }
    }

    /// Holds only if nobody has changed the slots since they were read.
    fn swap_slots(&self, account: AccountId, slots: &Slots) -> Result<TransactWriteItem, StoreError> {
        self.put(item(&Key::slots(account), slots)?, slots.version)
    }

    /// Holds only if nobody has changed the session since it was read.
    fn put_session(&self, session: &Session) -> Result<TransactWriteItem, StoreError> {
        let mut item = item(&Key::session(session.id), session)?;
        let expires_at = if session.state.is_live() {
            let shard = session.id.to_string().bytes().last().unwrap_or_default() % DUE_SHARDS;
            item.insert("due_shard".to_owned(), text(&format!("live#{shard}")));
            item.insert("due_at".to_owned(), text(&format!("{:015}", millis::of(session.lease_ends_at))));
            session.lease_ends_at + LINGER
        } else {
            session.at + KEEP_ENDED
        };
        item.insert("expires_at".to_owned(), number(expires_at.unix_timestamp()));
        self.put(item, session.version)
    }

    /// Version 1 is the first; every later one follows the one before it.
    fn put(&self, item: Item, version: i64) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item));
        let put = if version == 1 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", number(version - 1))
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(failed)?).build())
    }

    /// A lease in the slots has a live session: its end needs no reading.
    fn end_session(&self, lease: &Lease, state: State, now: OffsetDateTime) -> Result<TransactWriteItem, StoreError> {
        let at = if state == State::Expired { lease.ends_at } else { now };
        let state = serde_dynamo::to_attribute_value(state).map_err(failed)?;
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(Key::session(lease.session).attributes()))
            .update_expression(
                "SET #state = :state, #at = :at, expires_at = :expires_at ADD #version :one REMOVE due_shard, due_at",
            )
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":state", state)
            .expression_attribute_values(":at", number(millis::of(at)))
            .expression_attribute_values(":expires_at", number((at + KEEP_ENDED).unix_timestamp()))
            .expression_attribute_values(":one", number(1));
        Ok(TransactWriteItem::builder().update(update.build().map_err(failed)?).build())
    }

    /// Holds only if no other request with this key was answered in the meantime.
    fn put_answer(&self, key: &Key, answer: &Answer, now: OffsetDateTime) -> Result<TransactWriteItem, StoreError> {
        let mut item = item(key, answer)?;
        item.insert("expires_at".to_owned(), number((answer.created_at + KEEP_ANSWER).unix_timestamp()));
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR created_at <= :too_old")
            .expression_attribute_values(":too_old", number(millis::of(now - KEEP_ANSWER)));
        Ok(TransactWriteItem::builder().put(put.build().map_err(failed)?).build())
    }
}
