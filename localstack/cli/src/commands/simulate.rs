//! `cargo cinema simulate billing`: histories of years under virtual time, on throw-away engines.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use clap::ValueEnum;
use engines::{Home, Mode, Options, progress::Progress};

use crate::{cargo::cargo, platform::Platform, scratch::Scratch, variables::variables};

/// What to simulate, and how often.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What is simulated
    #[arg(value_enum)]
    subject: Subject,
    /// How many histories
    #[arg(long, default_value_t = 1)]
    seeds: u32,
    /// The first seed; a new one each time without it
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// Three years of subscriptions, payments and refunds
    Billing,
}

impl Subject {
    /// The package and the test in it.
    fn test(self) -> (&'static str, &'static str) {
        match self {
            Self::Billing => ("cinema-payment", "years_of_billing_stay_true"),
        }
    }
}

pub(super) async fn run(root: &Path, home: Home, arguments: Arguments, progress: &Progress) -> Result<ExitCode> {
    let scratch = Scratch::new(&home).await?;
    let outcome = simulate(root, scratch.home(), &arguments, progress).await;
    scratch.end().await?;
    Ok(if outcome? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn simulate(root: &Path, home: &Home, arguments: &Arguments, progress: &Progress) -> Result<bool> {
    let options = Options { mode: Mode::Packages, throw_away: true, ..Options::default() };
    let platform = Platform::start(root, home.clone(), options, progress).await?;
    let (package, test) = arguments.subject.test();
    let mut command = cargo(root);
    command.args(["test", "--release", "--package", package, "--test", "it", "--", "--nocapture", test]);
    command.env("CINEMA_SEEDS", arguments.seeds.to_string());
    if let Some(seed) = arguments.seed {
        command.env("CINEMA_SEED", seed.to_string());
    }
    let status = command.envs(variables(&platform)).status().await.context("cargo cannot be started")?;
    Ok(status.success())
}
