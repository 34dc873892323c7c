//! The start of one engine: a port, a process, an answer.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::daemons::{Daemon, Daemons};
use crate::engine::Engine;
use crate::port::Reserved;
use crate::setup::Setup;

/// The slowest engine's first start on two busy cores takes 20 s.
const START_LIMIT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(100);
/// A log that is longer begins anew at the next start.
const KEPT_LOG_BYTES: u64 = 20 << 20;
/// Somebody may take a free port before the engine does.
const ATTEMPTS: usize = 2;

/// Keeps a port for an engine: the one it had, else the usual one, else any.
pub(crate) fn reserve(engine: Engine, before: &Daemons, setup: &Setup<'_>) -> Result<Reserved> {
    if setup.throw_away {
        return Ok(Reserved::first_free(&[])?);
    }
    // The port it had: other programs remember it.
    let last = before.by_name.get(engine.name()).map(|daemon| daemon.port);
    let wanted: Vec<u16> = last.into_iter().chain([engine.usual_port()]).collect();
    let reserved = Reserved::first_free(&wanted)?;
    let port = reserved.number()?;
    if wanted[0] != port {
        setup.progress.say(format!("  port {} is taken by another program: {} uses {port}", wanted[0], engine.name()));
    }
    Ok(reserved)
}

/// Starts an engine and waits until it answers; returns its port.
pub(crate) async fn start(engine: Engine, mut reserved: Reserved, setup: &Setup<'_>) -> Result<u16> {
    let Setup { home, installed, progress, .. } = *setup;
    let task = progress.task(format!("start {}", engine.name()));
    for attempt in 1..=ATTEMPTS {
        let port = reserved.number()?;
        start_log(&home.log(engine.name()))?;
        let launch =
            engine.launch(setup, port).await.with_context(|| format!("{} cannot be started", engine.name()))?;
        drop(reserved);
        let process = launch.start().with_context(|| format!("{} cannot be started", engine.name()))?;
        let daemon = Daemon { process, port, build: engine.build(installed) };
        Daemons::record(home, engine.name(), daemon.clone())?;
        match ready(engine, &daemon, setup).await {
            Ok(()) => {
                task.done(format!("{} on port {port}", engine.version()));
                return Ok(port);
            }
            Err(error) if attempt == ATTEMPTS => {
                let log = home.log(engine.name());
                bail!("{} did not start: {error}\n{}\nThe whole log: {}", engine.name(), tail(&log), log.display());
            }
            Err(_) => reserved = Reserved::first_free(&[])?,
        }
    }
    bail!("{} did not start", engine.name())
}

async fn ready(engine: Engine, daemon: &Daemon, setup: &Setup<'_>) -> Result<()> {
    let begun = Instant::now();
    while daemon.process.is_alive() {
        if engine.answers(daemon.port, setup.passwords).await {
            return Ok(());
        }
        if begun.elapsed() > START_LIMIT {
            engine.stop(&daemon.process).await?;
            bail!("no answer within {} s", START_LIMIT.as_secs());
        }
        tokio::time::sleep(POLL).await;
    }
    bail!("it ended")
}

fn start_log(log: &Path) -> Result<()> {
    if fs::metadata(log).is_ok_and(|metadata| metadata.len() > KEPT_LOG_BYTES) {
        fs::rename(log, log.with_extension("log.1"))?;
    }
    Ok(())
}

fn tail(log: &Path) -> String {
    const LINES: usize = 20;
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
