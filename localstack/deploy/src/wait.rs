//! Waiting for what AWS does in its own time.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

const PAUSE: Duration = Duration::from_millis(100);
const LIMIT: Duration = Duration::from_secs(60);

/// Asks until the answer is yes.
pub(crate) async fn until(what: &str, mut ask: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let begin = Instant::now();
    while !ask().await? {
        ensure!(begin.elapsed() < LIMIT, "{what}: still not so after {} s", LIMIT.as_secs());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
