//! LocalStack keeps buckets and secrets in memory only. They are copied to `run/state` every minute and before it is
//! stopped, and put back into the next instance.
//!
//! An instance that was never given the copies back is empty: mirroring it would empty the mirror as well. So the
//! mirror names the instance it belongs to, and no other is mirrored.

mod buckets;
mod secrets;

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::endpoints::Endpoints;
use crate::home::Home;
use crate::progress::Progress;
use crate::{private, probe};

/// What one run of [`mirror`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mirrored {
    /// Objects copied.
    pub copied: usize,
    /// Copies removed, their objects being gone.
    pub removed: usize,
    /// Objects kept in all.
    pub objects: usize,
    /// Secrets kept.
    pub secrets: usize,
}

/// What one run of [`restore`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Objects put back.
    pub objects: usize,
    /// Secrets put back.
    pub secrets: usize,
}

#[derive(Deserialize)]
struct Info {
    session_id: String,
}

/// Brings `run/state` up to date with LocalStack.
pub async fn mirror(home: &Home, endpoints: &Endpoints) -> Result<Mirrored> {
    let folder = home.state();
    let _lock = lock(&folder)?;
    let instance = instance(endpoints).await?;
    match fs::read_to_string(marker(&folder)) {
        Ok(known) if known == instance => {}
        Ok(_) => bail!("this LocalStack has not been given its buckets back yet: run `cargo cinema up`"),
        Err(_) => bail!("{} belongs to no LocalStack yet: run `cargo cinema up`", folder.display()),
    }
    let copies = buckets::mirror(&endpoints.aws, &folder.join("s3")).await?;
    let secrets = secrets::mirror(&endpoints.aws, &folder.join("secrets.json")).await?;
    Ok(Mirrored { copied: copies.copied, removed: copies.removed, objects: copies.kept, secrets })
}

/// Puts back what `run/state` holds and LocalStack lacks. To be called before anything listens to the buckets'
/// notifications: an object that is put back looks like a new one.
pub async fn restore(home: &Home, endpoints: &Endpoints, progress: &Progress) -> Result<Restored> {
    let folder = home.state();
    let _lock = lock(&folder)?;
    let objects = buckets::restore(&endpoints.aws, &folder.join("s3"), progress).await?;
    let secrets = secrets::restore(&endpoints.aws, &folder.join("secrets.json")).await?;
    fs::write(marker(&folder), instance(endpoints).await?)?;
    Ok(Restored { objects, secrets })
}

/// LocalStack gives itself a new name whenever it starts.
async fn instance(endpoints: &Endpoints) -> Result<String> {
    let port = endpoints.aws.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let port = port.with_context(|| format!("{} names no port", endpoints.aws))?;
    let (_, body) = probe::get(port, "/_localstack/info", &[]).await.context("LocalStack does not answer")?;
    let info: Info = serde_json::from_str(&body).context("LocalStack's answer")?;
    Ok(info.session_id)
}

fn marker(folder: &Path) -> std::path::PathBuf {
    folder.join("instance")
}

fn lock(folder: &Path) -> Result<File> {
    private::folder(folder)?;
    let file = File::create(folder.join(".lock"))?;
    file.lock()?;
    Ok(file)
}
