//! Puts a platform's functions and resources behind an AWS endpoint, with plain API calls and only where something changed.

mod api;
mod buckets;
mod clients;
mod environment;
mod functions;
mod layers;
mod mail;
mod mappings;
mod notifications;
mod queues;
mod rules;
mod secrets;
mod streams;
mod tables;
mod wait;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use futures::try_join;
use manifest::Manifest;

use crate::pack::Digests;
use crate::progress::Progress;
use crate::stack::Stack;
use clients::Clients;
pub use environment::of_all as environment_of_all;
use streams::Streams;
use tables::Tables;

/// Calls under way at the same time; an emulator answers them one after another anyway.
const CONCURRENCY: usize = 8;

/// What a deployment did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Where the routes answer, without the edge in front.
    pub api_url: String,
    /// Functions deployed in all.
    pub functions: usize,
    /// Things created, replaced or deleted.
    pub changed: usize,
}

/// Deploys everything the manifest names; what it no longer names is deleted (functions, mappings, rules, routes), what
/// holds data is kept (buckets, tables, secrets, queues, streams).
pub async fn deploy(stack: &Stack, progress: &Progress) -> Result<Deployed> {
    let manifest = Manifest::load(&stack.root)?;
    deploy_manifest(stack, &manifest, progress).await
}

/// [`deploy`] for a manifest that has been read already.
pub async fn deploy_manifest(stack: &Stack, manifest: &Manifest, progress: &Progress) -> Result<Deployed> {
    check_binaries(stack, manifest)?;
    let clients = Clients::new(&stack.endpoints.aws, &stack.account);
    let mut digests = Digests::open(stack.run.join("digests.json"));

    let (resources, layers) = try_join!(
        resources(&clients, stack, manifest, progress),
        layers::deploy(&clients, stack, manifest, &mut digests, progress),
    )?;
    let Resources { queues, streams, tables, mut changed } = resources;
    changed += layers.changed;

    let places = environment::Places { queues: &queues };
    let wanted = functions::wanted(&clients, stack, manifest, &places, &layers, &mut digests)?;
    digests.save()?;
    changed += functions::deploy(&clients, wanted, progress).await?;

    let task = progress.task("triggers and routes");
    let (mappings, rules, notifications, routes) = try_join!(
        mappings::deploy(&clients, manifest, &streams, &tables),
        rules::deploy(&clients, manifest),
        notifications::deploy(&clients, manifest),
        api::deploy(&clients, &stack.api, manifest),
    )?;
    let wired = mappings + rules + notifications + routes;
    task.done(format!("{wired} changed"));

    Ok(Deployed { api_url: stack.api_url(), functions: manifest.functions.len(), changed: changed + wired })
}

/// Where the resources are, and how many of them changed.
struct Resources {
    queues: BTreeMap<String, String>,
    streams: Streams,
    tables: Tables,
    changed: usize,
}

async fn resources(clients: &Clients, stack: &Stack, manifest: &Manifest, progress: &Progress) -> Result<Resources> {
    let task = progress.task("resources");
    let (buckets, queues, streams, tables, secrets, mail) = try_join!(
        buckets::deploy(clients, manifest),
        queues::deploy(clients, manifest),
        streams::deploy(clients, manifest),
        tables::deploy(clients, manifest),
        secrets::deploy(clients, stack, manifest),
        mail::deploy(clients, stack),
    )?;
    let changed = buckets + queues.changed + streams.changed + tables.changed + secrets + mail;
    task.done(format!("{changed} changed"));
    Ok(Resources { queues: queues.urls, streams, tables, changed })
}

/// One sentence with every binary that is missing is worth more than a failure half-way.
fn check_binaries(stack: &Stack, manifest: &Manifest) -> Result<()> {
    let is_missing = |name: &&str| !stack.bin_dir.join(name).is_file();
    let names = manifest.functions.iter().map(|function| function.name.as_str());
    let missing: Vec<&str> = names.filter(is_missing).collect();
    ensure!(missing.is_empty(), "not built in {}: {}", stack.bin_dir.display(), missing.join(", "));
    Ok(())
}

/// Runs jobs at the same time, a bounded number, and adds up what they changed.
async fn together<J>(jobs: impl IntoIterator<Item = J>) -> Result<usize>
where
    J: Future<Output = Result<usize>>,
{
    use futures::{StreamExt, TryStreamExt, stream};
    let jobs = stream::iter(jobs).buffer_unordered(CONCURRENCY);
    jobs.try_fold(0, |sum, changed| async move { Ok(sum + changed) }).await.context("deploying")
}
