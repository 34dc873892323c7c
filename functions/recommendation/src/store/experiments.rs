//! Experiments, and which of them runs. The one that runs lies a second time under a key of its own: it is found in one read, and there is no second one.

use stores::{
    StoreError, Table,
    table::{Condition, Item, Query, Write, WriteError},
};

use super::keys;
use crate::experiment::{Experiment, ExperimentStatus};

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is done.
    Done,
    /// Somebody else changed the experiment since it was read.
    Outdated,
    /// Another experiment runs.
    AnotherRuns,
}

/// An experiment; `None` when there is no such one.
pub async fn get(table: &Table, key: &str) -> Result<Option<Experiment>, StoreError> {
    table.get(&keys::experiment(key)).await
}

/// The one that runs.
pub async fn running(table: &Table) -> Result<Option<Experiment>, StoreError> {
    table.get(&keys::running_experiment()).await
}

/// Some of them by their keys, after one.
pub async fn list(table: &Table, after: Option<&str>, count: usize) -> Result<Vec<Experiment>, StoreError> {
    let all = Query::partition(keys::EXPERIMENTS).first(count);
    let query = match after {
        Some(after) => all.above("sk", after),
        None => all,
    };
    table.query(query).await?.into_iter().map(Item::read).collect()
}

/// Puts an experiment in the place of what it was.
pub async fn put(table: &Table, before: Option<&Experiment>, after: &Experiment) -> Result<Written, StoreError> {
    let version = before.map_or(0, |before| before.version);
    let item = Item::new(&keys::experiment(&after.key), after)?;
    let mut writes = vec![Write::put(item).when(Condition::version(version))];
    let is_this = || Condition::is("key", after.key.as_str());
    let did_run = before.is_some_and(|before| before.status == ExperimentStatus::Running);
    if after.status == ExperimentStatus::Running {
        let item = Item::new(&keys::running_experiment(), after)?;
        writes.push(Write::put(item).when(Condition::Absent.or(is_this())));
    } else if did_run {
        writes.push(Write::delete(keys::running_experiment()).when(is_this()));
    }
    match table.transact(writes).await {
        Ok(()) => Ok(Written::Done),
        Err(WriteError::Refused(places)) if !places.contains(&0) => Ok(Written::AnotherRuns),
        Err(WriteError::Refused(_) | WriteError::Conflict) => Ok(Written::Outdated),
        Err(WriteError::Engine(error)) => Err(error),
    }
}
