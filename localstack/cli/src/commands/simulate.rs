//! `cargo cinema simulate`: histories of years under virtual time, on throw-away engines.

mod faults;

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use engines::{Home, Mode, Options, progress::Progress};

use crate::{
    cargo::cargo,
    platform::Platform,
    scratch::Scratch,
    variables::{Variables, variables},
};

/// The package and the test in it.
const BILLING: (&str, &str) = ("cinema-payment", "simulation::years_of_billing_stay_true");

/// What to simulate, and how often.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(clap::Subcommand)]
enum Subject {
    /// Three years of subscriptions, payments and refunds
    Billing {
        /// How many histories
        #[arg(long, default_value_t = 1)]
        seeds: u32,
        /// Begin histories for so long instead
        #[arg(long, conflicts_with = "seeds")]
        minutes: Option<u32>,
        /// The first seed; a new one each time without it
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Plant known faults, one at a time, and fail unless the simulation of billing finds each: an hour on two cores
    Faults(faults::Arguments),
}

pub(super) async fn run(root: &Path, home: Home, arguments: Arguments, progress: &Progress) -> Result<ExitCode> {
    let scratch = Scratch::new(&home).await?;
    let outcome = simulate(root, &scratch, &arguments.subject, progress).await;
    scratch.end().await?;
    Ok(if outcome? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn simulate(root: &Path, scratch: &Scratch, subject: &Subject, progress: &Progress) -> Result<bool> {
    let options = Options { mode: Mode::Packages, throw_away: true, ..Options::default() };
    let platform = Platform::start(root, scratch.home().clone(), options, progress).await?;
    let environment = variables(&platform);
    match subject {
        Subject::Billing { seeds, minutes, seed } => billing(root, (*seeds, *minutes, *seed), environment).await,
        Subject::Faults(arguments) => faults::run(root, arguments, &environment, progress).await,
    }
}

async fn billing(
    root: &Path,
    (seeds, minutes, seed): (u32, Option<u32>, Option<u64>),
    environment: Variables,
) -> Result<bool> {
    let (package, test) = BILLING;
    let mut command = cargo(root);
    command.args(["test", "--release", "--package", package, "--test", "it", "--", "--nocapture", "--exact", test]);
    match minutes {
        Some(minutes) => command.env("CINEMA_MINUTES", minutes.to_string()),
        None => command.env("CINEMA_SEEDS", seeds.to_string()),
    };
    if let Some(seed) = seed {
        command.env("CINEMA_SEED", seed.to_string());
    }
    let status = command.envs(environment).status().await.context("cargo cannot be started")?;
    Ok(status.success())
}
