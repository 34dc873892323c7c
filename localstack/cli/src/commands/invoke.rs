//! `cargo cinema invoke FUNCTION`

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use aws_sdk_lambda::{Client, primitives::Blob, types::LogType};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use engines::{Home, aws};

use crate::{names, output, platform};

/// What to invoke with what.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The function's name, as in functions.yaml
    function: String,
    /// A file with the payload; `{}` without it
    #[arg(long)]
    data_file: Option<PathBuf>,
}

pub(super) async fn run(root: &Path, home: &Home, arguments: Arguments) -> Result<ExitCode> {
    names::check(root, [arguments.function.as_str()])?;
    let payload = match &arguments.data_file {
        Some(file) => std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?,
        None => b"{}".to_vec(),
    };
    let client = Client::new(&aws::config(&platform::endpoints(home)?.aws));
    let request =
        client.invoke().function_name(&arguments.function).log_type(LogType::Tail).payload(Blob::new(payload));
    let answer = request.send().await.with_context(|| format!("{} cannot be invoked", arguments.function))?;
    if let Some(log) = answer.log_result().and_then(|log| BASE64_STANDARD.decode(log).ok()) {
        eprintln!("{}", String::from_utf8_lossy(&log).trim_end());
    }
    let payload = answer.payload().map(|payload| payload.as_ref().to_vec()).unwrap_or_default();
    output::line(String::from_utf8_lossy(&payload))?;
    Ok(if answer.function_error().is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
