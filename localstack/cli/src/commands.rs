//! The commands of `cargo cinema`.

mod bench;
mod down;
mod edge;
mod generate;
mod invoke;
mod logs;
mod mail;
mod pack;
mod seed;
mod simulate;
mod soak;
mod status;
mod test;
mod up;
mod upload;
mod watch;

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use engines::{Home, Mode, Options, packages::Component, progress::Progress};

use crate::{cargo::build, output, platform::Platform, repository::root};

/// A whole cinema on your machine.
#[derive(Parser)]
#[command(name = "cargo cinema", bin_name = "cargo cinema", version, disable_help_subcommand = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the engines come from.
#[derive(Clone, Copy, ValueEnum)]
enum EngineSource {
    /// Pinned packages, run as processes.
    Packages,
    /// `docker-compose.yml`.
    Docker,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything: engines, schemas, functions, edge, demo films
    Up {
        /// Where the engines come from
        #[arg(long, value_enum, default_value = "packages")]
        engines: EngineSource,
        /// Leave the demo accounts and films out
        #[arg(long)]
        no_seed: bool,
    },
    /// Stop everything; films and accounts stay
    Down {
        /// Forget films and accounts too
        #[arg(long)]
        wipe: bool,
    },
    /// What runs, where, and the demo accounts
    Status {
        /// For scripts
        #[arg(long)]
        json: bool,
    },
    /// Log lines of the functions
    Logs {
        /// One function; all without it
        function: Option<String>,
        /// Go on showing new lines
        #[arg(short, long)]
        follow: bool,
    },
    /// Mails that the platform sent, newest first
    Mail {
        /// Only to this address
        address: Option<String>,
    },
    /// What this machine lacks, with the command that installs it
    Doctor,
    /// Bring the database schemas up to date
    Migrate,
    /// Build and deploy the functions that changed
    Deploy,
    /// Make the demo accounts and films, with `--titles` a large catalogue, with `--viewers` what people have watched
    Seed(seed::Arguments),
    /// Upload a film, follow it through the pipeline, publish it
    Upload(upload::Arguments),
    /// Start the engines, then `cargo lambda watch`
    Watch,
    /// Run the tests on throw-away engines
    Test(test::Arguments),
    /// Run years of random histories on throw-away engines
    Simulate(simulate::Arguments),
    /// Invoke a deployed function and print its answer and log
    Invoke(invoke::Arguments),
    /// Write functions/plan.json, CargoLambda.toml, the programs and docs/api
    Generate {
        /// Only say whether they are up to date
        #[arg(long)]
        check: bool,
    },
    /// Make the zips that are shipped
    Pack,
    /// Use the running platform as people do, and fail if it ages
    Soak(soak::Arguments),
    /// Measure
    Bench(bench::Arguments),
    #[command(hide = true)]
    Edge(edge::Arguments),
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(code) => code,
        Err(error) if output::is_unread(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    let root = root()?;
    let home = Home::of_repository(&root);
    let progress = Progress::new();
    match command {
        Command::Up { engines, no_seed } => up::run(&root, home, options(engines), !no_seed, &progress).await?,
        Command::Down { wipe } => down::run(&home, wipe, &progress).await?,
        Command::Status { json } => return status::run(&home, json).await,
        Command::Logs { function, follow } => logs::run(&root, &home, function.as_deref(), follow).await?,
        Command::Mail { address } => mail::run(&home, address.as_deref()).await?,
        Command::Doctor => return status::doctor(&home).await,
        Command::Migrate => {
            let platform = running(&root, home, &progress).await?;
            deploy::migrate(&platform.target, &progress).await?;
        }
        Command::Deploy => {
            build(&root, &progress).await?;
            running(&root, home, &progress).await?.deploy(&progress).await?;
        }
        Command::Seed(arguments) => seed::run_with(&open(&root, home, &progress).await?, arguments, &progress).await?,
        Command::Upload(arguments) => {
            arguments.check()?;
            upload::run(&open(&root, home, &progress).await?, arguments, &progress).await?
        }
        Command::Watch => watch::run(&root, home, &progress).await?,
        Command::Test(arguments) => return test::run(&root, home, arguments, &progress).await,
        Command::Simulate(arguments) => return simulate::run(&root, home, arguments, &progress).await,
        Command::Invoke(arguments) => return invoke::run(&root, &home, arguments).await,
        Command::Generate { check } => generate::run(&root, check, &progress).await?,
        Command::Pack => pack::run(&root, &progress).await?,
        Command::Soak(arguments) => return soak::run(&root, &home, arguments, &progress).await,
        Command::Bench(arguments) => bench::run(&root, home, arguments, &progress).await?,
        Command::Edge(arguments) => edge::run(&root, &home, arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn options(source: EngineSource) -> Options {
    let mode = match source {
        EngineSource::Packages => Mode::Packages,
        EngineSource::Docker => Mode::Docker,
    };
    Options { mode, components: vec![Component::Ffmpeg, Component::Tools], ..Options::default() }
}

/// The platform, with engines started if they are not.
async fn running(root: &Path, home: Home, progress: &Progress) -> Result<Platform> {
    Platform::start(root, home, options(EngineSource::Packages), progress).await
}

/// The platform, with everything that makes it answer: an engine that had to be replaced knows no functions any more.
async fn open(root: &Path, home: Home, progress: &Progress) -> Result<Platform> {
    let platform = running(root, home, progress).await?;
    if !platform.answers().await? {
        platform.deploy(progress).await?;
        platform.start_edge().await?;
    }
    Ok(platform)
}
