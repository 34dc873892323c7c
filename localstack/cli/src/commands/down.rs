//! `cargo cinema down`

use anyhow::Result;
use engines::{Engines, Home, progress::Progress};

use crate::platform::Platform;

pub(super) async fn run(home: &Home, wipe: bool, progress: &Progress) -> Result<()> {
    Platform::stop_edge(home).await?;
    if wipe {
        return Engines::wipe(home, progress).await;
    }
    Engines::stop(home, progress).await
}
