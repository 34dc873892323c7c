//! `cargo cinema soak`

use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::Result;
use engines::{Home, progress::Progress};

use crate::soak::{self, Length};

/// How long to use the platform.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// For so long
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// Or until so many calls were answered
    #[arg(long)]
    calls: Option<u64>,
    /// People who use it at the same time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=50))]
    viewers: u8,
}

pub(super) async fn run(root: &Path, home: &Home, arguments: Arguments, progress: &Progress) -> Result<ExitCode> {
    let time = Duration::from_secs(arguments.minutes * 60);
    let length = Length { time, calls: arguments.calls.unwrap_or(u64::MAX), viewers: arguments.viewers };
    let has_aged = soak::run(root, home, &length, progress).await?;
    Ok(if has_aged { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
