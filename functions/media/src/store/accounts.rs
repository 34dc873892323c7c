//! Who began an upload: the one thing in the table that is about a person.

use kernel::AccountId;
use stores::{StoreError, Table, table::Query};

use super::{Changed, versioned::change};
use crate::uploads::upload::Upload;

/// The index of uploads by account.
const INDEX: &str = "accounts";

/// Erases who began the uploads of an account. How many there were, now and in earlier tries.
pub async fn erase(table: &Table, account: AccountId) -> Result<u64, StoreError> {
    // From now on a new upload does not name the account.
    table.mark_erased(account, 0).await?;
    let mut records = 0;
    for item in table.query(Query::index(INDEX, "account_id", account.to_string())).await? {
        let without_account =
            |upload: &Upload| upload.account_id.is_some().then(|| Upload { account_id: None, ..upload.clone() });
        if let Changed::To(_) = change(table, &item.key(), without_account).await? {
            records += 1;
        }
    }
    table.mark_erased(account, records).await
}
