//! The tables of analytics in ClickHouse.

pub mod alerts;
pub mod concurrency;
pub mod erased;
pub mod experiments;
pub mod own_year;
pub mod quality;
pub mod ranking;
pub mod retention;
pub mod revenue;
pub mod rows;
pub mod royalties;
pub mod series;
mod sql;
pub mod title_hours;

use clickhouse::{RowOwned, RowWrite};
use stores::{ClickHouse, StoreError};

/// All rows in one block: either all of a partition are there, or none.
async fn insert<T: RowOwned + RowWrite>(client: &ClickHouse, table: &str, rows: &[T]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = client.insert::<T>(table).await?;
    for row in rows {
        insert.write(row).await?;
    }
    Ok(insert.end().await?)
}

async fn execute(client: &ClickHouse, statement: &str) -> Result<(), StoreError> {
    Ok(client.query(statement).execute().await?)
}
