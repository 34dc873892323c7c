//! The short form of the soak: LocalStack's part of a platform's age.

use anyhow::{Context, Result, ensure};
use engines::progress::Progress;
use engines::{Engine, Engines, Footprint, Growth, Options, pulse};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{Started, home, process};

const AT_ONCE: usize = 8;
/// Until every environment is there and every cache is warm.
const WARM_UP: u64 = 1_000;
const CALLS: u64 = 5_000;
/// Some days of use.
const LIFE: u64 = 100_000;
/// What may be added over a life. A thread that is kept costs two mappings a call, 200,000 in all; what is measured
/// hardly differs from zero, but the difference counts twenty times.
const ADDED: Growth = Growth { memory_kib: 400 << 10, threads: 400, mappings: 4_000, files: 400 };

#[tokio::test]
async fn localstack_does_not_age() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let options = Options { engines: vec![Engine::LocalStack], throw_away: true, ..Options::default() };
    let engines = Engines::start(&home, &options, &Progress::quiet()).await?;
    let port = engines.endpoints().aws.rsplit_once(':').context("a port")?.1.parse()?;
    let localstack = process(&home, Engine::LocalStack)?;
    // What a call leaves behind is measured, not how long it waits on a busy machine.
    let beat = async || match pulse::beat(&home, port).await {
        Err(_) => pulse::beat(&home, port).await,
        answered => answered,
    };
    let invoke = async |calls: u64| {
        let beats = stream::iter(0..calls).map(|_| beat());
        beats.buffer_unordered(AT_ONCE).try_collect::<()>().await
    };
    invoke(WARM_UP).await?;
    let before = Footprint::of(&localstack);
    invoke(CALLS).await?;
    let after = Footprint::of(&localstack);
    let growth = Footprint::sum(after.values()).growth(&Footprint::sum(before.values())).extrapolated(CALLS, LIFE);
    ensure!(growth.is_within(&ADDED), "after {LIFE} calls: {growth:?}\nbefore {before:#?}\nafter {after:#?}");
    Ok(())
}
