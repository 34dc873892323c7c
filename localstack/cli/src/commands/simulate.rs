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

/// A package and a test in it.
type Test = (&'static str, &'static str);

const BILLING: Test = ("cinema-payment", "simulation::years_of_billing_stay_true");
const ANALYTICS: Test = ("cinema-analytics", "simulation::days_of_figures_stay_true");

/// What to simulate, and how often.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(clap::Subcommand)]
enum Subject {
    /// Three years of subscriptions, payments and refunds
    Billing(Histories),
    /// Days of watching, and the figures that come of it
    Analytics(Histories),
    /// Plant known faults, one at a time, and fail unless the simulation of billing finds each: an hour on two cores
    Faults(faults::Arguments),
}

/// How many histories, and which.
#[derive(clap::Args)]
struct Histories {
    /// How many histories
    #[arg(long, default_value_t = 1)]
    seeds: u32,
    /// Begin histories for so long instead
    #[arg(long, conflicts_with = "seeds")]
    minutes: Option<u32>,
    /// The first seed; a new one each time without it
    #[arg(long)]
    seed: Option<u64>,
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
        Subject::Billing(histories) => tell(root, BILLING, histories, environment).await,
        Subject::Analytics(histories) => tell(root, ANALYTICS, histories, environment).await,
        Subject::Faults(arguments) => faults::run(root, arguments, &environment, progress).await,
    }
}

async fn tell(root: &Path, (package, test): Test, histories: &Histories, environment: Variables) -> Result<bool> {
    let mut command = cargo(root);
    command.args(["test", "--release", "--package", package, "--test", "it", "--", "--nocapture", "--exact", test]);
    match histories.minutes {
        Some(minutes) => command.env("CINEMA_MINUTES", minutes.to_string()),
        None => command.env("CINEMA_SEEDS", histories.seeds.to_string()),
    };
    if let Some(seed) = histories.seed {
        command.env("CINEMA_SEED", seed.to_string());
    }
    let status = command.envs(environment).status().await.context("cargo cannot be started")?;
    Ok(status.success())
}
