//! What other services tell: of two versions the higher stays.

use kernel::{AccountId, ProfileId, TitleId};
use serde::Serialize;
use stores::{
    StoreError,
    aws_sdk_dynamodb::{
        error::SdkError,
        operation::transact_write_items::TransactWriteItemsError,
        types::{Put, TransactWriteItem},
    },
};

use super::{Key, Store, failed, is_conflict, item, number};
use crate::{grant::Grant, millis, position::Position, title::Title};

/// Whether a transaction ended because a condition does not hold, and not because somebody else was writing at the same time.
fn is_refusal<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return false;
    };
    cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

impl Store {
    /// Stores an entitlement unless a newer one is known or the account was erased.
    pub async fn put_grant(&self, account: AccountId, grant: &Grant) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item(&Key::grant(account), grant)?))
            .condition_expression("attribute_not_exists(pk) OR #sequence < :sequence")
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_values(":sequence", number(grant.sequence))
            .build()
            .map_err(failed)?;
        let writes = vec![TransactWriteItem::builder().put(put).build(), self.unless_erased(account)?];
        match self.table.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Err(error) if !is_refusal(&error) => Err(failed(error)),
            _ => Ok(()),
        }
    }

    /// Stores a title unless a newer version is known.
    pub async fn put_title(&self, id: TitleId, title: &Title) -> Result<(), StoreError> {
        self.put_version(&Key::title(id), title, title.sequence).await
    }

    /// Where a profile stopped.
    pub async fn position(&self, profile: ProfileId, title: TitleId) -> Result<Option<Position>, StoreError> {
        self.read_one(&Key::position(profile, title)).await
    }

    /// Stores a position unless a newer one is known.
    pub async fn put_position(&self, profile: ProfileId, position: &Position) -> Result<(), StoreError> {
        let key = Key::position(profile, position.title);
        let put = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item(&key, position)?))
            .condition_expression(
                "attribute_not_exists(pk) OR fence < :fence OR (fence = :fence AND client_at < :client_at)",
            )
            .expression_attribute_values(":fence", number(position.fence))
            .expression_attribute_values(":client_at", number(millis::of(position.client_at)));
        match put.send().await {
            Err(error) if !is_conflict(&error) => Err(failed(error)),
            _ => Ok(()),
        }
    }

    async fn put_version(&self, key: &Key, value: &impl Serialize, sequence: i64) -> Result<(), StoreError> {
        let put = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item(key, value)?))
            .condition_expression("attribute_not_exists(pk) OR #sequence < :sequence")
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_values(":sequence", number(sequence));
        match put.send().await {
            Err(error) if !is_conflict(&error) => Err(failed(error)),
            _ => Ok(()),
        }
    }
}
