//! `cargo cinema bench`: the figures of `docs/benchmarks.md`.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};

use crate::{
    engines::{Home, Options},
    fetch::Component,
    platform::{self, Platform},
    progress::Progress,
};

/// What to measure.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Size, INIT CPU, warm CPU and memory of every function, built as it is shipped
    Cold {
        /// Use the binaries of `target/release` instead of building the shipped ones
        #[arg(long)]
        release: bool,
    },
    /// CPU and bytes of the chunked encode against one ffmpeg
    Transcode,
    /// Logins and refreshes per CPU-second
    Auth,
}

pub(super) async fn run(root: &Path, home: Home, arguments: Arguments, progress: &Progress) -> Result<()> {
    let components = vec![Component::Ffmpeg, Component::Tools];
    let platform = Platform::start(root, home, Options { components, ..Options::default() }, progress).await?;
    let endpoints = &platform.stack.endpoints;
    let environment = [
        ("CINEMA_TEST_AWS_URL", endpoints.aws.clone()),
        ("CINEMA_TEST_POSTGRES_URL", endpoints.postgres.clone()),
        ("CINEMA_TEST_REDIS_URL", endpoints.redis.clone()),
        ("CINEMA_TEST_OPENSEARCH_URL", endpoints.opensearch.clone()),
        ("CINEMA_TEST_CLICKHOUSE_URL", endpoints.clickhouse.clone()),
        ("CINEMA_TEST_FFMPEG_DIR", platform.home.ffmpeg_dir().display().to_string()),
    ];
    match arguments.what {
        What::Cold { release } => {
            let profile = if release { "release" } else { "lambda" };
            run_cargo(root, &["build", "--profile", profile, "--workspace", "--bins", "--exclude", "cinema"], &[])
                .await?;
            run_cargo(root, &["run", "--quiet", "--release", "--example", "cold", "--", profile], &environment).await
        }
        What::Auth => {
            platform::build(root, progress).await?;
            run_cargo(root, &["run", "--quiet", "--release", "--example", "auth"], &environment).await
        }
        What::Transcode => {
            run_cargo(root, &["run", "--quiet", "--release", "--example", "transcode"], &environment).await
        }
    }
}

async fn run_cargo(root: &Path, arguments: &[&str], environment: &[(&str, String)]) -> Result<()> {
    let environment = environment.iter().map(|(name, value)| (*name, value.as_str()));
    let mut command = crate::cargo::cargo(root);
    command.args(arguments).envs(environment).stdin(Stdio::null());
    let status = command.status().await.context("cargo cannot be started")?;
    ensure!(status.success(), "cargo {} failed", arguments.join(" "));
    Ok(())
}
