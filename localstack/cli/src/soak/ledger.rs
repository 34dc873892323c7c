//! What was asked and how it ended.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Counts calls, and keeps one example of every kind of failure.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    calls: AtomicU64,
    failed: AtomicU64,
    failures: Mutex<BTreeMap<String, (u64, String)>>,
}

impl Ledger {
    /// One call of a step.
    pub fn outcome(&self, step: &str, failure: Option<String>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let Some(failure) = failure else { return };
        self.failed.fetch_add(1, Ordering::Relaxed);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.entry(step.to_owned()).or_insert((0, failure)).0 += 1;
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Step → how often it failed, and how it did first.
    pub fn failures(&self) -> BTreeMap<String, (u64, String)> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
