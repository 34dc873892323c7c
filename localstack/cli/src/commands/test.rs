//! `cargo cinema test [RING…] [-- FILTER]`: throw-away engines, the rings, and nothing left behind.

use std::{
    num::NonZero,
    path::Path,
    process::{ExitCode, Stdio},
    thread,
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use engines::{Home, Mode, Options, packages::Component, progress::Progress};

use crate::{
    cargo::{build, cargo},
    commands::{seed, status},
    output,
    platform::Platform,
    scratch::Scratch,
    variables::{Variables, variables},
    web,
};

/// What to run.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Which rings; all without it
    #[arg(value_enum)]
    rings: Vec<Ring>,
    /// Only tests whose name contains this
    #[arg(last = true)]
    filter: Vec<String>,
}

/// The rings, from the inside out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ring {
    /// Pure decisions, the laws of the repository and everything else without engines
    Unit,
    /// Each service's router and consumers on real engines, the shipped binaries on the Runtime API, the local platform's own parts
    Service,
    /// The same tests as `service`, only those of the shipped binaries
    Function,
    /// The deployed platform through its edge
    System,
    /// The web app in a browser
    Web,
    /// Requests drawn from the OpenAPI documents by schemathesis, against the deployed platform
    Hostile,
}

/// How many tests run at a time.
const THREADS: &str = "RUST_TEST_THREADS";
/// A test of a service waits for most of its time, for an engine or for an answer that takes as long for everybody: so many share a processor. With
/// three, requests waited too long for each other on two slow cores.
const WAITING: usize = 2;

/// Every test is in one of them. What `hostile` leaves behind would be in the others' way: it goes last.
const ALL: [Ring; 5] = [Ring::Unit, Ring::Service, Ring::System, Ring::Web, Ring::Hostile];

impl Ring {
    fn needs_engines(self) -> bool {
        self != Self::Unit
    }

    fn needs_platform(self) -> bool {
        matches!(self, Self::System | Self::Web | Self::Hostile)
    }

    /// What to add to `cargo test --release --workspace`.
    fn selection(self) -> &'static [&'static str] {
        match self {
            Self::Unit => &["--lib", "--test", "laws", "--test", "generated"],
            Self::Service => &["--test", "it", "--test", "deploy", "--test", "engines"],
            Self::Function => &["--test", "it"],
            Self::System => &["--test", "system"],
            Self::Web => &["--test", "web"],
            Self::Hostile => &["--test", "hostile"],
        }
    }
}

pub(super) async fn run(root: &Path, home: Home, arguments: Arguments, progress: &Progress) -> Result<ExitCode> {
    let rings = if arguments.rings.is_empty() { ALL.to_vec() } else { arguments.rings };
    build_tests(root, progress).await?;
    let scratch = Scratch::new(&home).await?;
    let outcome = run_rings(root, &scratch, &rings, &arguments.filter, progress).await;
    scratch.end().await?;
    let failed = outcome?;
    if failed.is_empty() {
        output::line(format_args!("\nall rings passed: {rings:?}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    // The end is what is read of a long output.
    for (ring, failures) in &failed {
        output::line(format_args!("\nWhat failed in {ring:?}\n\n{}", failures.join("\n")))?;
    }
    let failed: Vec<Ring> = failed.into_iter().map(|(ring, _)| ring).collect();
    output::line(format_args!("\nfailed: {failed:?}"))?;
    Ok(ExitCode::FAILURE)
}

/// Returns the rings that failed, each with what its tests say of it.
async fn run_rings(
    root: &Path,
    scratch: &Scratch,
    rings: &[Ring],
    filter: &[String],
    progress: &Progress,
) -> Result<Vec<(Ring, Vec<String>)>> {
    let mut failed = Vec::new();
    let mut environment = Vec::new();
    let mut platform = None;
    for ring in rings {
        if ring.needs_engines() && platform.is_none() {
            let started = start(root, scratch.home(), rings, progress).await?;
            environment = variables(&started);
            environment.push(("TMPDIR", scratch.temp()?.display().to_string()));
            platform = Some(started);
        }
        if let Some(platform) = platform.as_ref().filter(|_| ring.needs_platform() && !deployed(&environment)) {
            environment.extend(deploy(platform, progress).await?);
        }
        progress.say(format!("Ring {ring:?}"));
        if let Some(failures) = cargo_test(root, *ring, &environment, filter).await? {
            failed.push((*ring, failures));
        }
    }
    Ok(failed)
}

fn deployed(environment: &[(&'static str, String)]) -> bool {
    environment.iter().any(|(name, _)| *name == "CINEMA_TEST_EDGE_URL")
}

async fn build_tests(root: &Path, progress: &Progress) -> Result<()> {
    // One build for everything: libraries, shipped binaries, tests.
    build(root, progress).await?;
    let task = progress.task("cargo test --no-run");
    let output = cargo(root)
        .args(["test", "--release", "--workspace", "--no-run", "--quiet"])
        .args(ALL.into_iter().flat_map(Ring::selection))
        .output()
        .await
        .context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("the tests do not build:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    task.done("");
    Ok(())
}

async fn start(root: &Path, home: &Home, rings: &[Ring], progress: &Progress) -> Result<Platform> {
    let mut components = vec![Component::Ffmpeg, Component::Tools];
    if rings.contains(&Ring::Web) {
        components.push(Component::Browser);
    }
    if rings.contains(&Ring::Hostile) {
        components.push(Component::Schemathesis);
    }
    let options = Options { mode: Mode::Packages, throw_away: true, components, ..Options::default() };
    Platform::start(root, home.clone(), options, progress).await
}

/// Deploys the platform onto the engines of this run, with two small films.
async fn deploy(platform: &Platform, progress: &Progress) -> Result<Variables> {
    platform.deploy(progress).await?;
    web::build(&platform.target.root, &platform.home, progress).await?;
    platform.start_edge().await?;
    seed::run(platform, seed::Size::Test, progress).await?;
    let file = platform.home.run().join("status.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&status::document(&platform.home, &platform.url())?)?)?;
    Ok(vec![("CINEMA_TEST_EDGE_URL", platform.url()), ("CINEMA_TEST_STATUS", file.display().to_string())])
}

/// Returns what failed, when something did.
async fn cargo_test(
    root: &Path,
    ring: Ring,
    environment: &[(&'static str, String)],
    filter: &[String],
) -> Result<Option<Vec<String>>> {
    let mut command = cargo(root);
    command.args(["test", "--release", "--workspace", "--no-fail-fast"]).args(ring.selection());
    command.arg("--").args(filter);
    if ring == Ring::Function && filter.is_empty() {
        command.arg("function::");
    }
    if ring == Ring::Service && std::env::var_os(THREADS).is_none() {
        command.env(THREADS, (WAITING * thread::available_parallelism().map_or(1, NonZero::get)).to_string());
    }
    let environment = environment.iter().map(|(name, value)| (*name, value.as_str()));
    let mut child = command.envs(environment).stdout(Stdio::piped()).spawn().context("cargo cannot be started")?;
    let mut said = BufReader::new(child.stdout.take().context("cargo has no output")?).split(b'\n');
    let (mut failures, mut is_failure) = (Vec::new(), false);
    while let Some(line) = said.next_segment().await? {
        let line = String::from_utf8_lossy(&line).into_owned();
        output::line(format_args!("{line}"))?;
        is_failure = (is_failure || line == "failures:") && !line.starts_with("test result:");
        if is_failure {
            failures.push(line);
        }
    }
    Ok((!child.wait().await?.success()).then_some(failures))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    #[test]
    fn every_test_runs_in_a_ring() {
        let root = crate::repository::root().unwrap();
        let folders = ["shared", "functions", "localstack"].map(|folder| root.join(folder));
        let crates = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
        let tests = crates.chain([root.join("laws")]).filter_map(|folder| fs::read_dir(folder.join("tests")).ok());
        let tests = tests.flatten().map(|entry| entry.unwrap().path());
        let present: BTreeSet<String> = tests
            .filter(|path| path.join("main.rs").is_file() || path.extension().is_some_and(|kind| kind == "rs"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let selected = Ring::value_variants().iter().flat_map(|ring| ring.selection());
        let selected: BTreeSet<String> =
            selected.filter(|word| !word.starts_with("--")).map(ToString::to_string).collect();
        assert_eq!(present, selected);
    }
}
