//! Says what a machine lacks, and the one command that changes it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use futures::future::join_all;
use serde::Serialize;

use crate::daemons::Daemons;
use crate::engine::Engine;
use crate::home::Home;
use crate::packages::{Component, Python, PythonMissing};
use crate::port::Reserved;

/// What all components, a build and a few films take.
const DISK_GIB: u64 = 12;
/// Engines, functions and a browser at work.
const MEMORY_GIB: u64 = 4;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Fine,
    /// It works, but not as well as it could.
    Warning,
    /// It cannot work.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub subject: String,
    /// How bad.
    pub severity: Severity,
    /// What was found.
    pub found: String,
    /// The command that helps.
    pub command: Option<String>,
}

/// Looks at everything the platform needs from the machine.
pub async fn doctor(home: &Home) -> Vec<Finding> {
    let mut findings = vec![platform(), python(home), compiler(), setpriv(), disk(home), memory()];
    findings.extend(Component::PLATFORM.map(|component| installed(home, component)));
    findings.extend(join_all(Engine::ALL.map(|engine| port(home, engine))).await);
    findings
}

/// The packages exist for other systems too, but the engines were never run there.
pub(crate) fn check_platform() -> Result<()> {
    let supported = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    ensure!(supported, "engines from packages run on Linux x86-64 only: use `cargo cinema up --engines docker`");
    Ok(())
}

fn finding(subject: &str, severity: Severity, found: impl Into<String>, command: Option<&str>) -> Finding {
    Finding { subject: subject.to_owned(), severity, found: found.into(), command: command.map(str::to_owned) }
}

fn platform() -> Finding {
    let found = format!("{} {}", env::consts::OS, env::consts::ARCH);
    match check_platform() {
        Ok(()) => finding("system", Severity::Fine, found, None),
        Err(_) => finding("system", Severity::Missing, found, Some("cargo cinema up --engines docker")),
    }
}

fn python(home: &Home) -> Finding {
    if let Some(python) = Python::existing(home.cache()) {
        return finding("python", Severity::Fine, format!("{} in {}", python.version(), home.cache().display()), None);
    }
    match Python::choose() {
        Some(interpreter) => finding("python", Severity::Fine, interpreter.display().to_string(), None),
        None => finding("python", Severity::Missing, "no Python ≥ 3.11 with venv", Some(PythonMissing.command())),
    }
}

fn compiler() -> Finding {
    match on_path("cc") {
        Some(path) => finding("C compiler", Severity::Fine, path.display().to_string(), None),
        None => finding("C compiler", Severity::Missing, "no `cc`", Some("sudo apt-get install -y build-essential")),
    }
}

fn setpriv() -> Finding {
    match on_path("setpriv") {
        Some(path) => finding("setpriv", Severity::Fine, path.display().to_string(), None),
        None => finding(
            "setpriv",
            Severity::Warning,
            "not there: engines of an interrupted test run on, and Postgres cannot start for root",
            Some("sudo apt-get install -y util-linux"),
        ),
    }
}

fn disk(home: &Home) -> Finding {
    let folder = home.cache().ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let output = Command::new("df").args(["-Pk"]).arg(folder).output().ok();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    let Some(free) = free.map(|kib| kib >> 20) else {
        return finding("disk", Severity::Warning, "the free space could not be found out", None);
    };
    let severity = if free < DISK_GIB { Severity::Warning } else { Severity::Fine };
    finding("disk", severity, format!("{free} GiB free, {DISK_GIB} GiB wanted"), None)
}

fn memory() -> Finding {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available =
        text.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.split_whitespace().next()?.parse().ok());
    let Some(available) = available.map(|kib: u64| kib >> 20) else {
        return finding("memory", Severity::Warning, "the free memory could not be found out", None);
    };
    let severity = if available < MEMORY_GIB { Severity::Warning } else { Severity::Fine };
    finding("memory", severity, format!("{available} GiB available, {MEMORY_GIB} GiB wanted"), None)
}

fn installed(home: &Home, component: Component) -> Finding {
    if home.component(component).join(".done").exists() {
        return finding(component.name(), Severity::Fine, component.version(), None);
    }
    finding(component.name(), Severity::Warning, "not installed yet", Some("cargo cinema up"))
}

async fn port(home: &Home, engine: Engine) -> Finding {
    let subject = format!("port of {}", engine.name());
    let daemons = Daemons::load(home).unwrap_or_default();
    if let Some(daemon) = daemons.by_name.get(engine.name()).filter(|daemon| daemon.process.is_alive()) {
        if engine.works(home, daemon.port).await {
            return finding(&subject, Severity::Fine, format!("{} (running)", daemon.port), None);
        }
        let found = format!("{} (running, and does no work)", daemon.port);
        return finding(&subject, Severity::Missing, found, Some("cargo cinema up"));
    }
    let usual = engine.usual_port();
    match Reserved::first_free(&[usual]).and_then(|reserved| reserved.number()) {
        Ok(port) if port == usual => finding(&subject, Severity::Fine, format!("{usual} is free"), None),
        _ => finding(&subject, Severity::Warning, format!("{usual} is taken: another will be used"), None),
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}
