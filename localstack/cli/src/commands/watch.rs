//! `cargo cinema watch`

use std::{ffi::OsString, fmt::Write as _, path::Path};

use anyhow::{Context, Result, ensure};
use engines::{Home, Options, aws, packages::Component, private, progress::Progress};
use manifest::Plan;

use crate::{cargo::cargo, platform::Platform};

/// Read by `cargo lambda watch` and `invoke` through `--env-file`.
const ENVIRONMENT: &str = "watch.env";

/// Writes what every function would find in its environment, so that plain `cargo lambda watch --env-file .cinema/run/watch.env` works too.
pub(super) async fn write_environment(platform: &Platform) -> Result<()> {
    let plan = Plan::read(&platform.target.root)?;
    let client = aws_sdk_sqs::Client::new(&aws::config(&platform.target.endpoints.aws));
    let listed = client.list_queues().max_results(1000).send().await.context("the queues cannot be listed")?;
    let named = |url: &String| Some((url.rsplit('/').next()?.to_owned(), url.clone()));
    let queues = listed.queue_urls().iter().filter_map(named).collect();
    let mut text = String::new();
    for (name, value) in deploy::environment_of_all(&platform.target, &plan, &queues)? {
        // Quoted: what stands in a value may mean something to the reader of such a file.
        ensure!(!value.contains(['\'', '\n']), "the setting {name} must not contain a single quote or a line break");
        writeln!(text, "{name}='{value}'")?;
    }
    let file = platform.home.run().join(ENVIRONMENT);
    private::write(&file, text.as_bytes()).with_context(|| format!("{} cannot be written", file.display()))
}

pub(super) async fn run(root: &Path, home: Home, progress: &Progress) -> Result<()> {
    let components = vec![Component::Ffmpeg, Component::Tools, Component::CargoLambda];
    let platform = Platform::start(root, home, Options { components, ..Options::default() }, progress).await?;
    platform.deploy(progress).await?;
    write_environment(&platform).await?;
    let mut path = platform.home.cargo_lambda_dir().into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let environment: OsString = platform.home.run().join(ENVIRONMENT).into();
    let status = cargo(root)
        .args(["lambda", "watch", "--release", "--env-file"])
        .arg(environment)
        .env("PATH", path)
        .env("PYTHONPATH", platform.home.cargo_lambda_packages())
        .status()
        .await
        .context("cargo lambda cannot be started")?;
    ensure!(status.success(), "cargo lambda watch ended with {status}");
    Ok(())
}
