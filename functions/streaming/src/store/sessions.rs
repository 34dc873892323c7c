//! Sessions and slots: they change together, in one transaction that holds only for the versions that were read.

use kernel::{AccountId, PlaybackId, ProfileId, SessionId, TitleId};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use stores::{
    StoreError, Table,
    table::{Condition, Item, Query, Update, Value, Write, took_place},
};
use time::{Duration, OffsetDateTime};

use super::{due, keys};
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

/// What a start is decided on.
#[derive(Debug)]
pub struct Known {
    pub grant: Option<Grant>,
    pub title: Option<Title>,
    pub position: Option<Position>,
    pub slots: Slots,
    /// Whether the login session has ended, although its access token lives on for minutes.
    pub has_signed_out: bool,
    /// What the Idempotency-Key was answered before.
    pub answer: Option<Answer>,
}

/// A stored answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Of the request, hexadecimal.
    pub fingerprint: String,
    /// JSON.
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
#[derive(Debug)]
pub struct Started<'a> {
    pub session: &'a Session,
    /// The slots afterwards.
    pub slots: &'a Slots,
    /// Leases that are over, with how their sessions ended.
    pub ended: Vec<(&'a Lease, State)>,
    /// The answer, with the id of the claim of its Idempotency-Key.
    pub answer: Option<(&'a str, &'a Answer)>,
}

/// A session with the slots and the grant of its account.
#[derive(Debug)]
pub struct Watching {
    pub session: Session,
    pub slots: Slots,
    pub grant: Option<Grant>,
}

/// Everything that a start is decided on, in one call.
pub async fn known(
    table: &Table,
    (account, profile, title): (AccountId, ProfileId, TitleId),
    login: SessionId,
    claim_id: Option<&str>,
) -> Result<Known, StoreError> {
    let (grant, slots) = (keys::grant(account), keys::slots(account));
    let (rules, position) = (keys::title(title), keys::position(profile, title));
    let (answer, ended) = (claim_id.map(|id| keys::answer(account, id)), keys::ended_login(login));
    let mut keys = vec![grant.clone(), slots.clone(), rules.clone(), position.clone(), ended.clone()];
    keys.extend(answer.clone());
    let mut found = table.get_all(&keys).await?;
    Ok(Known {
        grant: found.take(&grant)?,
        title: found.take(&rules)?,
        position: found.take(&position)?,
        slots: found.take(&slots)?.unwrap_or_default(),
        has_signed_out: found.take::<IgnoredAny>(&ended)?.is_some(),
        answer: answer.map(|key| found.take(&key)).transpose()?.flatten(),
    })
}

/// Writes a start: the session, its slot, the end of what it takes the place of, and the answer. `false` when another request of the account was
/// faster.
pub async fn start(table: &Table, started: &Started<'_>, now: OffsetDateTime) -> Result<bool, StoreError> {
    let session = started.session;
    let mut writes = vec![swap_slots(session.account, started.slots)?, put(session)?];
    if started.slots.version == 1 {
        // Later versions follow a slot that the erasure of the account has removed.
        writes.push(Write::unless_erased(session.account));
    }
    for (lease, state) in &started.ended {
        // Later than this the table may have removed the session already.
        if now < lease.ends_at + LINGER / 2 {
            writes.push(end(lease, *state, now)?);
        }
    }
    if let Some((claim_id, answer)) = started.answer {
        writes.push(put_answer(session.account, claim_id, answer, now)?);
    }
    took_place(table.transact(writes).await)
}

/// Writes the next state of a session and of its account's slots. `false` when another request of the account was faster.
pub async fn advance(table: &Table, session: &Session, slots: &Slots) -> Result<bool, StoreError> {
    took_place(table.transact(vec![swap_slots(session.account, slots)?, put(session)?]).await)
}

/// A session and a title, in one call; `None` when there is no such session.
pub async fn with_title(
    table: &Table,
    id: PlaybackId,
    title: TitleId,
) -> Result<Option<(Session, Option<Title>)>, StoreError> {
    let (session, rules) = (keys::session(id), keys::title(title));
    let mut found = table.get_all(&[session.clone(), rules.clone()]).await?;
    let title = found.take(&rules)?;
    Ok(found.take(&session)?.map(|session| (session, title)))
}

/// A session of the account that asks for it, in one call.
pub async fn watching(table: &Table, id: PlaybackId, account: AccountId) -> Result<Option<Watching>, StoreError> {
    let (session, slots, grant) = (keys::session(id), keys::slots(account), keys::grant(account));
    let mut found = table.get_all(&[session.clone(), slots.clone(), grant.clone()]).await?;
    let Some(session) = found.take::<Session>(&session)?.filter(|session| session.account == account) else {
        return Ok(None);
    };
    Ok(Some(Watching { session, slots: found.take(&slots)?.unwrap_or_default(), grant: found.take(&grant)? }))
}

/// The sessions of an account, those that have ended within a week as well.
pub async fn items_of(table: &Table, account: AccountId) -> Result<Vec<Item>, StoreError> {
    table.query(Query::index("accounts", "account", account.to_string())).await
}

/// Holds only if nobody has changed the slots since they were read.
fn swap_slots(account: AccountId, slots: &Slots) -> Result<Write, StoreError> {
    Ok(Write::put(Item::new(&keys::slots(account), slots)?).when(Condition::version(slots.version - 1)))
}

/// Holds only if nobody has changed the session since it was read.
fn put(session: &Session) -> Result<Write, StoreError> {
    let item = Item::new(&keys::session(session.id), session)?;
    let item = if session.state.is_live() {
        due::indexed(item, session).expiring(session.lease_ends_at + LINGER)
    } else {
        item.expiring(session.at + KEEP_ENDED)
    };
    Ok(Write::put(item).when(Condition::version(session.version - 1)))
}

/// A lease in the slots has a live session: its end needs no reading.
fn end(lease: &Lease, state: State, now: OffsetDateTime) -> Result<Write, StoreError> {
    let at = if state == State::Expired { lease.ends_at } else { now };
    let update = Update::new()
        .set("state", Value::of(&state)?)
        .set("at", millis::of(at))
        .set("expires_at", (at + KEEP_ENDED).unix_timestamp())
        .add("version", 1)
        .remove("due_shard")
        .remove("due_at");
    Ok(Write::update(keys::session(lease.session), update).when(Condition::Exists))
}

/// Holds only if no other request with this key was answered in the meantime.
fn put_answer(account: AccountId, claim_id: &str, answer: &Answer, now: OffsetDateTime) -> Result<Write, StoreError> {
    let item = Item::new(&keys::answer(account, claim_id), answer)?.expiring(answer.created_at + KEEP_ANSWER);
    let free = Condition::Absent.or(Condition::at_most("created_at", millis::of(now - KEEP_ANSWER)));
    Ok(Write::put(item).when(free))
}
