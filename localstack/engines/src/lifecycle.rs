//! Starts, stops and reports on the engines of a platform.

use std::collections::BTreeSet;
use std::fs::{self, File};

use anyhow::{Context, Result, anyhow, bail};
use futures::future::{join_all, try_join_all};

use crate::daemons::Daemons;
use crate::endpoints::Endpoints;
use crate::engine::{Engine, postgres};
use crate::home::Home;
use crate::options::{Mode, Options};
use crate::packages::{self, Component};
use crate::passwords::Passwords;
use crate::progress::Progress;
use crate::setup::Setup;
use crate::status::EngineStatus;
use crate::{docker, doctor, mirror, private, start};

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
        private::folder(home.run())?;
        let held = lock(home)?;

        let before = Daemons::load(home)?;
        if before.docker {
            bail!("the engines run in Docker: `cargo cinema down` first");
        }
        let passwords = Passwords::of(home)?;
        let setup =
            Setup { home, installed: &installed, passwords: &passwords, throw_away: options.throw_away, progress };
        let running = join_all(options.engines.iter().map(|engine| running(*engine, &before, &setup))).await;
        let mut endpoints = Endpoints::default();
        let mut starts = Vec::new();
        for (engine, running) in options.engines.iter().copied().zip(running) {
            match running? {
                Some(port) => engine.write_endpoint(port, &passwords, &mut endpoints),
                None => starts.push((engine, start::reserve(engine, &before, &setup)?)),
            }
        }
        let new_localstack = starts.iter().any(|(engine, _)| *engine == Engine::LocalStack);
        let started = starts.into_iter().map(async |(engine, port)| (engine, start::start(engine, port, &setup).await));
        let started = join_all(started).await;
        let failure = started.iter().any(|(_, port)| port.is_err());
        if failure && options.throw_away {
            // Nobody would know of the others.
            drop(held);
            Self::stop(home, &Progress::quiet()).await?;
        }
        for (engine, port) in started {
            engine.write_endpoint(port?, &passwords, &mut endpoints);
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
        if daemons.by_name.is_empty() {
            return Ok(None);
        }
        let (passwords, mut endpoints) = (Passwords::of(home)?, Endpoints::default());
        for engine in Engine::ALL {
            let daemon = daemons.by_name.get(engine.name()).filter(|daemon| daemon.process.is_alive());
            let Some(daemon) = daemon else { return Ok(None) };
            engine.write_endpoint(daemon.port, &passwords, &mut endpoints);
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
                        Some(daemon) => engine.works(home, daemon.port).await,
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
async fn running(engine: Engine, daemons: &Daemons, setup: &Setup<'_>) -> Result<Option<u16>> {
    let Some(daemon) = daemons.by_name.get(engine.name()) else { return Ok(None) };
    if !daemon.process.is_alive() {
        return Ok(None);
    }
    let healthy = engine.works(setup.home, daemon.port).await;
    if healthy && daemon.build == engine.build(setup.installed) {
        return Ok(Some(daemon.port));
    }
    if healthy && engine == Engine::LocalStack {
        save(setup.home, daemon.port, setup.progress).await;
    }
    if !healthy {
        setup.progress.say(format!("  {} runs and does no work: it is replaced", engine.name()));
    }
    engine.stop(&daemon.process).await?;
    Ok(None)
}

/// Saves what LocalStack forgets; a throw-away platform keeps nothing. One that hangs must still be stopped.
async fn save(home: &Home, port: u16, progress: &Progress) {
    if !home.state().exists() {
        return;
    }
    let endpoints = Endpoints { aws: format!("http://127.0.0.1:{port}"), ..Endpoints::default() };
    if let Err(error) = mirror::mirror(home, &endpoints).await {
        progress.say(format!("  what changed in S3 in the last minute could not be saved: {error:#}"));
    }
}
