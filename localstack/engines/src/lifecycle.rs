//! Starts, stops and reports on the engines of a platform.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use futures::future::{join_all, try_join_all};

use crate::daemons::{Daemon, Daemons};
use crate::endpoints::Endpoints;
use crate::engine::{Engine, postgres};
use crate::home::Home;
use crate::packages::{self, Component, Installed};
use crate::port::Reserved;
use crate::progress::Progress;
use crate::setup::Setup;
use crate::status::EngineStatus;
use crate::{docker, doctor, mirror};

/// The slowest engine's first start on two busy cores takes 20 s.
const START_LIMIT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(100);
/// A log that is longer begins anew at the next start.
const KEPT_LOG_BYTES: u64 = 20 << 20;
/// Somebody may take a free port before the engine does.
const ATTEMPTS: usize = 2;

/// What the engines run as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Processes, from packages.
    #[default]
    Packages,
    /// Containers, from `docker-compose.yml`.
    Docker,
}

/// How to start the engines.
#[derive(Clone, Debug)]
pub struct Options {
    /// Processes or containers.
    pub mode: Mode,
    /// For tests: any free ports, nothing worth keeping on disk, and everything ends when the starting process dies.
    pub throw_away: bool,
    /// Which engines.
    pub engines: Vec<Engine>,
    /// What else to install.
    pub components: Vec<Component>,
}

impl Default for Options {
    fn default() -> Self {
        let (mode, throw_away) = (Mode::Packages, false);
        Self { mode, throw_away, engines: Engine::ALL.to_vec(), components: vec![Component::Ffmpeg] }
    }
}

/// The engines of a platform, running.
#[derive(Debug)]
pub struct Engines {
    endpoints: Endpoints,
    from_functions: Endpoints,
}

impl Engines {
    /// Installs what is missing, starts what does not run and replaces what does not answer.
    pub async fn start(home: &Home, options: &Options, progress: &Progress) -> Result<Self> {
        if options.mode == Mode::Docker {
            let (endpoints, from_functions) = docker::start(home, progress).await?;
            return Ok(Self { endpoints, from_functions });
        }
        doctor::check_platform()?;
        let components: BTreeSet<Component> =
            options.engines.iter().flat_map(|engine| engine.components()).chain(&options.components).copied().collect();
        let components: Vec<Component> = components.into_iter().collect();
        let installed = packages::install(home.cache(), &components, progress).await?;
        fs::create_dir_all(home.run()).with_context(|| format!("{} cannot be created", home.run().display()))?;
        let _lock = lock(home)?;

        let before = Daemons::load(home)?;
        if before.docker {
            bail!("the engines run in Docker: `cargo cinema down` first");
        }
        let running = options.engines.iter().map(|engine| running(*engine, &before, &installed, home, progress));
        let running = join_all(running).await;
        let mut endpoints = Endpoints::default();
        let mut starts = Vec::new();
        for (engine, running) in options.engines.iter().copied().zip(running) {
            match running? {
                Some(port) => engine.write_endpoint(port, &mut endpoints),
                None => starts.push((engine, reserve(engine, &before, options, progress)?)),
            }
        }
        let new_localstack = starts.iter().any(|(engine, _)| *engine == Engine::LocalStack);
        let started = starts.into_iter().map(|(engine, port)| begin(engine, port, home, &installed, options, progress));
        let started = join_all(started).await;
        let failure = started.iter().any(Result::is_err);
        if failure && options.throw_away {
            // Nobody would know of the others.
            Self::stop(home, &Progress::quiet()).await?;
        }
        for outcome in started {
            let (engine, port) = outcome?;
            engine.write_endpoint(port, &mut endpoints);
        }
        if new_localstack && !options.throw_away {
            mirror::restore(home, &endpoints, progress).await?;
        }
        Ok(Self { from_functions: endpoints.clone(), endpoints })
    }

    /// Where the engines answer.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Where they answer when a function asks: in Docker, functions are containers beside them.
    pub fn endpoints_of_functions(&self) -> &Endpoints {
        &self.from_functions
    }

    /// Saves what LocalStack forgets, then ends every engine. Other daemons of the platform are not touched. The ports
    /// stay noted, so that the next start takes the same.
    pub async fn stop(home: &Home, progress: &Progress) -> Result<()> {
        let daemons = Daemons::load(home)?;
        if daemons.docker {
            return docker::stop(home, progress).await;
        }
        let _lock = lock(home)?;
        if let Some(daemon) = daemons.by_name.get(Engine::LocalStack.name()).filter(|daemon| daemon.process.is_alive())
        {
            save(home, daemon.port, progress).await;
        }
        let stops = Engine::ALL.into_iter().filter_map(|engine| Some((engine, daemons.by_name.get(engine.name())?)));
        try_join_all(stops.map(|(engine, daemon)| async move {
            let task = daemon.process.is_alive().then(|| progress.task(format!("stop {}", engine.name())));
            engine.stop(&daemon.process).await.with_context(|| format!("{} cannot be stopped", engine.name()))?;
            if let Some(task) = task {
                task.done("");
            }
            anyhow::Ok(())
        }))
        .await?;
        Ok(())
    }

    /// Where the engines of a platform that was started answer; `None` when it was not.
    pub fn endpoints_of(home: &Home) -> Result<Option<Endpoints>> {
        let daemons = Daemons::load(home)?;
        if daemons.docker {
            return Ok(Some(docker::from_here()));
        }
        let mut endpoints = Endpoints::default();
        for engine in Engine::ALL {
            let daemon = daemons.by_name.get(engine.name()).filter(|daemon| daemon.process.is_alive());
            let Some(daemon) = daemon else { return Ok(None) };
            engine.write_endpoint(daemon.port, &mut endpoints);
        }
        Ok(Some(endpoints))
    }

    /// How each engine is.
    pub async fn status(home: &Home) -> Vec<EngineStatus> {
        let daemons = Daemons::load(home).unwrap_or_default();
        if daemons.docker {
            return docker::status().await;
        }
        join_all(Engine::ALL.map(|engine| {
            let daemon = daemons.by_name.get(engine.name()).filter(|daemon| daemon.process.is_alive());
            async move {
                EngineStatus {
                    name: engine.name(),
                    version: engine.version(),
                    pid: daemon.map(|daemon| daemon.process.pid),
                    port: daemon.map(|daemon| daemon.port),
                    healthy: match daemon {
                        Some(daemon) => engine.is_healthy(daemon.port).await,
                        None => false,
                    },
                    rss_mib: daemon.map_or(0, |daemon| daemon.process.memory_mib()),
                }
            }
        }))
        .await
    }

    /// Forgets everything a stopped platform kept; what was installed stays.
    pub async fn wipe(home: &Home, progress: &Progress) -> Result<()> {
        if Daemons::load(home)?.docker {
            docker::wipe(progress).await?;
        }
        Self::stop(home, progress).await?;
        for folder in [home.run().to_owned(), postgres::folder_elsewhere(home)] {
            if folder.exists() {
                fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
            }
        }
        Ok(())
    }
}

/// One command at a time changes a platform.
fn lock(home: &Home) -> Result<File> {
    let file = File::create(home.run().join(".lock"))?;
    file.try_lock()
        .map_err(|_| anyhow!("another command is starting or stopping the engines in {}", home.run().display()))?;
    Ok(file)
}

/// The port of an engine that runs and answers; one that runs and does not is ended.
async fn running(
    engine: Engine,
    daemons: &Daemons,
    installed: &Installed,
    home: &Home,
    progress: &Progress,
) -> Result<Option<u16>> {
    let Some(daemon) = daemons.by_name.get(engine.name()) else { return Ok(None) };
    if !daemon.process.is_alive() {
        return Ok(None);
    }
    let healthy = engine.is_healthy(daemon.port).await;
    if healthy && daemon.build == engine.build(installed) {
        return Ok(Some(daemon.port));
    }
    if healthy && engine == Engine::LocalStack {
        save(home, daemon.port, progress).await;
    }
    engine.stop(&daemon.process).await?;
    Ok(None)
}

/// Saves what LocalStack forgets; a throw-away platform keeps nothing. One that hangs must still be stopped.
async fn save(home: &Home, port: u16, progress: &Progress) {
    if !home.state().exists() {
        return;
    }
    let mut endpoints = Endpoints::default();
    Engine::LocalStack.write_endpoint(port, &mut endpoints);
    if let Err(error) = mirror::mirror(home, &endpoints).await {
        progress.say(format!("  what changed in S3 in the last minute could not be saved: {error:#}"));
    }
}

fn reserve(engine: Engine, before: &Daemons, options: &Options, progress: &Progress) -> Result<Reserved> {
    if options.throw_away {
        return Ok(Reserved::first_free(&[])?);
    }
    // The port it had: other programs remember it.
    let last = before.by_name.get(engine.name()).map(|daemon| daemon.port);
    let wanted: Vec<u16> = last.into_iter().chain([engine.usual_port()]).collect();
    let reserved = Reserved::first_free(&wanted)?;
    let port = reserved.number()?;
    if wanted[0] != port {
        progress.say(format!("  port {} is taken by another program: {} uses {port}", wanted[0], engine.name()));
    }
    Ok(reserved)
}

async fn begin(
    engine: Engine,
    mut reserved: Reserved,
    home: &Home,
    installed: &Installed,
    options: &Options,
    progress: &Progress,
) -> Result<(Engine, u16)> {
    let task = progress.task(format!("start {}", engine.name()));
    for attempt in 1..=ATTEMPTS {
        let port = reserved.number()?;
        let setup = Setup { home, installed, throw_away: options.throw_away, port, progress };
        start_log(&home.log(engine.name()))?;
        let launch = engine.launch(&setup).await.with_context(|| format!("{} cannot be started", engine.name()))?;
        drop(reserved);
        let process = launch.start().with_context(|| format!("{} cannot be started", engine.name()))?;
        let daemon = Daemon { process, port, build: engine.build(installed) };
        Daemons::record(home, engine.name(), daemon.clone())?;
        match ready(engine, &daemon).await {
            Ok(()) => {
                task.done(format!("{} on port {port}", engine.version()));
                return Ok((engine, port));
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

async fn ready(engine: Engine, daemon: &Daemon) -> Result<()> {
    let begun = Instant::now();
    while daemon.process.is_alive() {
        if engine.is_healthy(daemon.port).await {
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
