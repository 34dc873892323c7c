//! What the table holds of one person: found, copied and erased. What is left of somebody who was erased is a tombstone, which refuses late
//! grants and first starts.

use std::time::Duration;

use kernel::{AccountId, ProfileId, TitleId, tombstone};
use stores::{
    StoreError,
    aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, ReturnValue, TransactWriteItem},
};
use time::OffsetDateTime;

use super::{Item, Key, Store, failed, is_conflict, number, parse, text};
use crate::{
    grant::Grant,
    lease::Slots,
    millis,
    position::Position,
    session::{Session, State},
};

/// The functions that write positions end within 3 s: one that has read a session before it was erased has written by then.
const LATE: Duration = Duration::from_secs(4);
/// The index of sessions by account.
const INDEX: &str = "accounts";

/// Everything that is held of a person.
#[derive(Debug, Default)]
pub struct Held {
    /// What the account has paid for.
    pub grant: Option<Grant>,
    /// Its slots.
    pub slots: Slots,
    /// Its sessions, those that have ended within a week as well.
    pub sessions: Vec<Session>,
    /// Where its profiles stopped.
    pub positions: Vec<(ProfileId, Position)>,
}

impl Key {
    fn tombstone(account: AccountId) -> Self {
        Self(format!("erased#{}", tombstone(account)), "erased".to_owned())
    }

    fn of(item: &Item) -> Self {
        let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        Self(part("pk"), part("sk"))
    }
}

impl Store {
    /// Whether the account was erased.
    pub async fn is_erased(&self, account: AccountId) -> Result<bool, StoreError> {
        let key = Key::tombstone(account);
        let found = self.read(std::slice::from_ref(&key)).await?;
        Ok(found.0.contains_key(&key))
    }

    /// Holds only if the account was not erased.
    pub(super) fn unless_erased(&self, account: AccountId) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table.name)
            .set_key(Some(Key::tombstone(account).attributes()))
            .condition_expression("attribute_not_exists(pk)");
        Ok(TransactWriteItem::builder().condition_check(check.build().map_err(failed)?).build())
    }

    /// Everything that is held of a person.
    pub async fn held(&self, account: AccountId, profiles: &[ProfileId]) -> Result<Held, StoreError> {
        let (grant, slots) = (Key::grant(account), Key::slots(account));
        let mut found = self.read(&[grant.clone(), slots.clone()]).await?;
        let mut positions = Vec::new();
        for profile in profiles {
            for item in self.partition(&Key::positions(*profile)).await? {
                positions.push((*profile, parse(item)?));
            }
        }
        let sessions = self.sessions_of(account).await?;
        Ok(Held {
            grant: found.take(&grant)?,
            slots: found.take(&slots)?.unwrap_or_default(),
            sessions: sessions.into_iter().map(parse).collect::<Result<_, _>>()?,
            positions,
        })
    }

    /// Forgets a person. How many records were removed, now and by earlier tries.
    ///
    /// The tombstone comes first: what is refused from then on cannot come back behind the broom. Then the slots, without which nobody can start
    /// or report any more, the sessions that held them and those that have ended, and last the positions that a report under way may still
    /// have written.
    pub async fn erase(
        &self,
        account: AccountId,
        profiles: &[ProfileId],
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        self.bury(account, 0).await?;
        let slots = self.take_slots(account).await?;
        let mut records = u64::from(slots.is_some());
        let slots = slots.unwrap_or_default();
        for lease in &slots.leases {
            records += self.erase_session(&Key::session(lease.session)).await?;
        }
        records += self.erase_sessions(account).await?;
        records += self.erase_partition(&Key::grant(account).0).await?;
        if slots.live(now).next().is_some() {
            tokio::time::sleep(LATE).await;
        }
        for profile in profiles {
            records += self.erase_partition(&Key::positions(*profile)).await?;
        }
        // The index lags behind the table by moments.
        records += self.erase_sessions(account).await?;
        self.bury(account, records).await
    }

    /// Forgets where a profile stopped until `until`, in one title or in all.
    pub async fn erase_positions(
        &self,
        profile: ProfileId,
        title: Option<TitleId>,
        until: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let keys = match title {
            Some(title) => vec![Key::position(profile, title)],
            None => self.partition(&Key::positions(profile)).await?.iter().map(Key::of).collect(),
        };
        for key in keys {
            let delete = self.table.client.delete_item().table_name(&self.table.name);
            let delete = delete
                .set_key(Some(key.attributes()))
                .condition_expression("client_at <= :until")
                .expression_attribute_values(":until", number(millis::of(until)));
            match delete.send().await {
                // Watched since, or nothing there.
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(failed(error)),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Makes sure that there is a tombstone and adds to what it counts; the sum.
    async fn bury(&self, account: AccountId, records: u64) -> Result<u64, StoreError> {
        let update = self.table.client.update_item().table_name(&self.table.name);
        let answer = update
            .set_key(Some(Key::tombstone(account).attributes()))
            .update_expression("ADD records :records")
            .expression_attribute_values(":records", AttributeValue::N(records.to_string()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(failed)?;
        let sum = answer.attributes.as_ref().and_then(|item| item.get("records")?.as_n().ok()?.parse().ok());
        Ok(sum.unwrap_or(records))
    }

    /// Removes the slots of an account and returns what they were.
    async fn take_slots(&self, account: AccountId) -> Result<Option<Slots>, StoreError> {
        let delete = self.table.client.delete_item().table_name(&self.table.name);
        let delete = delete.set_key(Some(Key::slots(account).attributes())).return_values(ReturnValue::AllOld);
        let answer = delete.send().await.map_err(failed)?;
        answer.attributes.filter(|item| !item.is_empty()).map(parse).transpose()
    }

    async fn erase_sessions(&self, account: AccountId) -> Result<u64, StoreError> {
        let mut records = 0;
        for item in self.sessions_of(account).await? {
            records += self.erase_session(&Key::of(&item)).await?;
        }
        Ok(records)
    }

    /// Marked first, so that the table's stream tells nobody that a live session has ended.
    async fn erase_session(&self, key: &Key) -> Result<u64, StoreError> {
        let state = serde_dynamo::to_attribute_value(State::Erased).map_err(failed)?;
        let mark = self.table.client.update_item().table_name(&self.table.name).set_key(Some(key.attributes()));
        let mark = mark
            .update_expression("SET #state = :state ADD #version :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":state", state)
            .expression_attribute_values(":one", number(1));
        match mark.send().await {
            // Gone already.
            Err(error) if is_conflict(&error) => Ok(0),
            Err(error) => Err(failed(error)),
            Ok(_) => self.delete(key).await.map(|()| 1),
        }
    }

    async fn erase_partition(&self, partition: &str) -> Result<u64, StoreError> {
        let mut records = 0;
        for item in self.partition(partition).await? {
            self.delete(&Key::of(&item)).await?;
            records += 1;
        }
        Ok(records)
    }

    async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let delete = self.table.client.delete_item().table_name(&self.table.name).set_key(Some(key.attributes()));
        delete.send().await.map(drop).map_err(failed)
    }

    async fn partition(&self, partition: &str) -> Result<Vec<Item>, StoreError> {
        let query = self.table.client.query().table_name(&self.table.name).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", text(partition));
        query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(failed)
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Item>, StoreError> {
        let query = self.table.client.query().table_name(&self.table.name).index_name(INDEX);
        let query = query
            .key_condition_expression("#account = :account")
            .expression_attribute_names("#account", "account")
            .expression_attribute_values(":account", text(&account.to_string()));
        query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(failed)
    }
}
