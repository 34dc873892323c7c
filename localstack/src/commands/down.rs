//! `cargo cinema down`

use anyhow::Result;

use crate::{
    engines::{Engines, Home},
    platform::Platform,
    progress::Progress,
};

pub(super) async fn run(home: &Home, wipe: bool, progress: &Progress) -> Result<()> {
    Platform::stop_edge(home).await?;
    if wipe {
        return Engines::wipe(home, progress).await;
    }
    Engines::stop(home, progress).await
}
