//! `cargo cinema bench`: the figures of `docs/benchmarks.md`.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};

use engines::{Engines, Home, Mode, Options, packages::Component, progress::Progress};

use crate::{
    cargo::{build, cargo, without_tools},
    names,
    platform::Platform,
    scratch::Scratch,
    variables::variables,
};

/// What to measure.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Size, INIT CPU, warm CPU and memory of every function, built as it is shipped: an hour of linking on two cores
    Cold {
        /// Only these functions
        functions: Vec<String>,
        /// The binaries of `target/release` instead of the shipped ones
        #[arg(long)]
        release: bool,
    },
    /// CPU and bytes of the chunked encode against one ffmpeg
    Transcode,
    /// Logins and refreshes per CPU-second
    Auth,
}

pub(super) async fn run(root: &Path, home: Home, arguments: Arguments, progress: &Progress) -> Result<()> {
    if let What::Cold { functions, .. } = &arguments.what {
        names::check(root, functions.iter().map(String::as_str))?;
    }
    let folder = Scratch::new()?;
    let home = home.throw_away(folder.path());
    let outcome = measure(root, home.clone(), arguments, progress).await;
    Engines::stop(&home, &Progress::quiet()).await?;
    outcome
}

async fn measure(root: &Path, home: Home, arguments: Arguments, progress: &Progress) -> Result<()> {
    let components = vec![Component::Ffmpeg, Component::Tools];
    let options = Options { mode: Mode::Packages, throw_away: true, components, ..Options::default() };
    let platform = Platform::start(root, home, options, progress).await?;
    let environment = variables(&platform);
    match arguments.what {
        What::Cold { functions, release } => {
            let profile = if release { "release" } else { "lambda" };
            let names: Vec<&str> = functions.iter().map(String::as_str).collect();
            if release {
                build(root, progress).await?;
            } else {
                let mut build = vec!["build", "--profile", profile, "--workspace"];
                build.extend(without_tools());
                build.extend(names.iter().flat_map(|name| ["--bin", name]));
                if names.is_empty() {
                    build.push("--bins");
                }
                run_cargo(root, &build, &[]).await?;
            }
            let measure = ["run", "--quiet", "--release", "--example", "cold", "--", profile];
            run_cargo(root, &[&measure[..], &names].concat(), &environment).await
        }
        What::Auth => {
            build(root, progress).await?;
            run_cargo(root, &["run", "--quiet", "--release", "--example", "auth"], &environment).await
        }
        What::Transcode => {
            run_cargo(root, &["run", "--quiet", "--release", "--example", "transcode"], &environment).await
        }
    }
}

async fn run_cargo(root: &Path, arguments: &[&str], environment: &[(&str, String)]) -> Result<()> {
    let environment = environment.iter().map(|(name, value)| (*name, value.as_str()));
    let mut command = cargo(root);
    command.args(arguments).envs(environment).stdin(Stdio::null());
    let status = command.status().await.context("cargo cannot be started")?;
    ensure!(status.success(), "cargo {} failed", arguments.join(" "));
    Ok(())
}
