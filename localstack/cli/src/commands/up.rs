//! `cargo cinema up`

use std::path::Path;

use anyhow::Result;
use engines::{Home, Options, progress::Progress};

use crate::{
    cargo::build,
    commands::{seed, status, watch},
    platform::Platform,
    web,
};

pub(super) async fn run(root: &Path, home: Home, options: Options, with_seed: bool, progress: &Progress) -> Result<()> {
    // The engines download and start while the compiler works; both say what they do.
    let (platform, built) = tokio::join!(Platform::start(root, home, options, progress), build(root, progress));
    built?;
    let platform = platform?;
    let deployed = platform.deploy(progress).await?;
    web::build(root, &platform.home, progress).await?;
    watch::write_environment(&platform).await?;
    progress.say("Edge");
    platform.start_edge().await?;
    if with_seed {
        seed::run(&platform, seed::Size::Demo, progress).await?;
    }
    let changed =
        if deployed.changed == 0 { "nothing changed".to_owned() } else { format!("{} changes", deployed.changed) };
    progress.say(format!("\nThe cinema is open: {} functions, {changed}.", deployed.functions));
    status::print(&platform.home, &status::document(&platform.home, &platform.url())?)
}
