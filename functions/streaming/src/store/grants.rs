//! What accounts have paid for.

use kernel::AccountId;
use stores::{
    StoreError, Table,
    table::{Condition, Item, Write},
};

use super::{keys, unless_needless};
use crate::grant::Grant;

/// Stores an entitlement unless a newer one is known or the account was erased.
pub async fn put(table: &Table, account: AccountId, grant: &Grant) -> Result<(), StoreError> {
    let newer = Condition::Absent.or(Condition::below("sequence", grant.sequence));
    let put = Write::put(Item::new(&keys::grant(account), grant)?).when(newer);
    unless_needless(table.transact(vec![put, Write::unless_erased(account)]).await)
}
