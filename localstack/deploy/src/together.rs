//! Calls at the same time, a bounded number of them.

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};

/// An emulator answers them one after another anyway.
pub(crate) const CONCURRENCY: usize = 8;

/// Runs jobs and adds up what they changed.
pub(crate) async fn together<J>(jobs: impl IntoIterator<Item = J>) -> Result<usize>
where
    J: Future<Output = Result<usize>>,
{
    let jobs = stream::iter(jobs).buffer_unordered(CONCURRENCY);
    jobs.try_fold(0, |sum, changed| async move { Ok(sum + changed) }).await.context("deploying")
}
