//! What a month asks of engines and services, reckoned from what it asks of functions.

use std::collections::BTreeMap;

use anyhow::Result;
use manifest::{
    Plan,
    plan::{Endpoint, Function, Resource},
};

use super::{assumptions::Assumptions, decimal::Factor, duration::uses, load::Load};

/// A month.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Of all functions.
    pub(super) calls: u128,
    /// Units of DynamoDB by table.
    pub(super) tables: BTreeMap<String, Units>,
    /// Of Postgres.
    pub(super) transactions: u128,
    pub(super) redis_operations: u128,
    pub(super) searches: u128,
    /// Of ClickHouse.
    pub(super) rows: u128,
    /// Sends, receives, deletions and looks at empty queues.
    pub(super) queue_requests: u128,
    /// Environments that begin.
    pub(super) cold_starts: u128,
    /// Through NAT.
    pub(super) nat_bytes: u128,
}

/// Of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Units {
    pub(super) reads: u128,
    pub(super) writes: u128,
}

impl Usage {
    /// Adds everything up.
    ///
    /// # Errors
    /// When a value is missing.
    pub(super) fn of(plan: &Plan, assumptions: &Assumptions, load: &Load, month_seconds: u128) -> Result<Self> {
        let value = |name: &str| assumptions.value(name);
        let mut usage = Self::default();
        for (name, work) in &load.functions {
            let Some(function) = plan.functions.get(name) else { continue };
            let items = work.items.max(work.calls);
            let reaches = |engine| function.network.contains(&engine);
            usage.calls += work.calls;
            if uses(function, "dynamodb") {
                let (reads, writes) = units(name, function, assumptions)?;
                let table = usage.tables.entry(table(function)).or_default();
                table.reads += reads.times(items);
                table.writes += writes.times(items);
            }
            if reaches(Endpoint::Postgres) {
                let usual = value("transactions")?;
                let asked = assumptions.asked(name).and_then(|asked| asked.transactions);
                usage.transactions += asked.unwrap_or(usual).times(items);
            }
            if reaches(Endpoint::Redis) {
                usage.redis_operations += value("redis_operations")?.times(work.calls);
            }
            if reaches(Endpoint::Opensearch) {
                usage.searches += value("search_requests")?.times(items);
            }
            let sends = uses(function, "kinesis") || uses(function, "sqs") || reaches(Endpoint::Clickhouse);
            if !function.network.is_empty() && sends {
                usage.nat_bytes += value("nat_bytes_per_call")?.times(work.calls);
            }
        }
        let of = |counts: &BTreeMap<String, u128>, name: &str| counts.get(name).copied().unwrap_or_default();
        usage.rows = of(&load.records, "playback-events") + of(&load.messages, "analytics-ingest");
        usage.nat_bytes += usage.rows * value("row_bytes")?.whole();
        usage.cold_starts = value("cold_share")?.times(usage.calls);
        let looks = month_seconds * value("pollers")?.whole() / value("long_poll")?.whole().max(1);
        let sent: u128 = load.messages.values().sum();
        // A batch is received with one request and deleted with another.
        usage.queue_requests = sent + 2 * load.queue_batches + looks * plan.queues.len() as u128;
        Ok(usage)
    }

    /// Of all tables.
    pub(super) fn units(&self) -> Units {
        let sum = |of: fn(&Units) -> u128| self.tables.values().map(of).sum();
        Units { reads: sum(|units| units.reads), writes: sum(|units| units.writes) }
    }
}

/// What a call or an item reads and writes.
fn units(name: &str, function: &Function, assumptions: &Assumptions) -> Result<(Factor, Factor)> {
    let asked = assumptions.asked(name);
    let (reads, writes) = (asked.and_then(|asked| asked.reads), asked.and_then(|asked| asked.writes));
    if let (Some(reads), Some(writes)) = (reads, writes) {
        return Ok((reads, writes));
    }
    let mut actions = function.permissions.iter().flat_map(|permission| &permission.actions);
    let writes = actions.any(|action| action == "dynamodb:PutItem");
    let writes = if writes { assumptions.value("default_writes")? } else { Factor::default() };
    Ok((assumptions.value("default_reads")?, writes))
}

/// The table that a function uses; each uses one.
fn table(function: &Function) -> String {
    let table = function.permissions.iter().find_map(|permission| match &permission.resource {
        Resource::Table(name) => Some(name.clone()),
        _ => None,
    });
    table.unwrap_or_default()
}
