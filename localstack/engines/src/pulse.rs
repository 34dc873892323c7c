//! Judges LocalStack by work it does: an invocation that answers.
//!
//! Its health page keeps answering when no thread starts any more and every invocation hangs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::json;

use crate::home::Home;
use crate::probe::Request;

const PROGRAM: &str = include_str!("../programs/pulse.py");
const FUNCTIONS: &str = "/2015-03-31/functions";
/// The account in the key id: one of its own, so that no deployment meets the function. The signature is not looked at.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=999999999999/20260101/eu-central-1/lambda/aws4_request, \
                             SignedHeaders=host, Signature=0";
const PAYLOAD: &str = "\"alive\"";
/// A machine that compiles beside it takes some seconds for the first one; one that hangs never answers.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);

/// Writes the function to be found by [`beat`].
pub(crate) fn write(home: &Home, python: &Path) -> Result<()> {
    let folder = folder(home);
    fs::create_dir_all(&folder)?;
    let program = folder.join("pulse.py");
    fs::write(&program, PROGRAM)?;
    let bootstrap = folder.join("bootstrap");
    fs::write(&bootstrap, format!("#!/bin/sh\nexec '{}' -I -S '{}'\n", python.display(), program.display()))?;
    Ok(fs::set_permissions(&bootstrap, Permissions::from_mode(0o755))?)
}

/// One invocation in LocalStack on `port`, of a function that is created when it is missing.
pub async fn beat(home: &Home, port: u16) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        let (status, body) = call(port, "/pulse/invocations", PAYLOAD, left).await?;
        match status {
            200 if body == PAYLOAD => return Ok(()),
            404 => create(home, port, left).await?,
            // Still being created.
            409 => tokio::time::sleep(POLL).await,
            _ => bail!("an invocation answered {status}: {body}"),
        }
    }
    bail!("no invocation answered within {} s", PATIENCE.as_secs())
}

async fn create(home: &Home, port: u16, patience: Duration) -> Result<()> {
    let function = json!({
        "FunctionName": "pulse",
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Role": "arn:aws:iam::999999999999:role/pulse",
        "Code": { "S3Bucket": "hot-reload", "S3Key": folder(home) },
        "Timeout": 10,
    });
    let (status, body) = call(port, "", &function.to_string(), patience).await?;
    // Somebody else may have been faster.
    if !matches!(status, 201 | 409) {
        bail!("no function could be created: {status} {body}");
    }
    Ok(())
}

async fn call(port: u16, path: &str, body: &str, patience: Duration) -> std::io::Result<(u16, String)> {
    let path = format!("{FUNCTIONS}{path}");
    let headers = [("Authorization", AUTHORIZATION), ("Content-Type", "application/json")];
    Request { method: "POST", port, path: &path, headers: &headers, body, patience }.send().await
}

fn folder(home: &Home) -> PathBuf {
    home.run().join("localstack/pulse")
}
