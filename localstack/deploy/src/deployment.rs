//! Puts a platform's functions and resources behind an AWS endpoint, with plain API calls and only where something changed.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use futures::try_join;
use manifest::Plan;

use engines::progress::Progress;

use crate::clients::Clients;
use crate::pack::Digests;
use crate::streams::Streams;
use crate::tables::Tables;
use crate::target::Target;
use crate::{
    api, buckets, environment, functions, layers, mail, mappings, notifications, queues, rules, secrets, streams,
    tables,
};

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

/// Deploys everything the plan names; what it no longer names is deleted (functions, mappings, rules, routes), what
/// holds data is kept (buckets, tables, secrets, queues, streams).
pub async fn deploy(target: &Target, progress: &Progress) -> Result<Deployed> {
    deploy_plan(target, &Plan::current(&target.root)?, progress).await
}

/// [`deploy`] for a plan that has been read already.
pub async fn deploy_plan(target: &Target, plan: &Plan, progress: &Progress) -> Result<Deployed> {
    check_binaries(target, plan)?;
    let clients = Clients::new(&target.endpoints.aws, &target.account);
    let mut digests = Digests::open(target.run.join("digests.json"));

    let (resources, layers) = try_join!(
        resources(&clients, target, plan, progress),
        layers::deploy(&clients, target, plan, &mut digests, progress),
    )?;
    let Resources { queues, streams, tables, mut changed } = resources;
    changed += layers.changed;

    let places = environment::Places { queues: &queues };
    let wanted = functions::wanted(&clients, target, plan, &places, &layers, &mut digests)?;
    digests.save()?;
    changed += functions::deploy(&clients, wanted, progress).await?;

    let task = progress.task("triggers and routes");
    let (mappings, rules, notifications, routes) = try_join!(
        mappings::deploy(&clients, plan, &streams, &tables),
        rules::deploy(&clients, plan),
        notifications::deploy(&clients, plan),
        api::deploy(&clients, &target.api, plan),
    )?;
    let wired = mappings + rules + notifications + routes;
    task.done(format!("{wired} changed"));

    Ok(Deployed { api_url: target.api_url(), functions: plan.functions.len(), changed: changed + wired })
}

/// Where the resources are, and how many of them changed.
struct Resources {
    queues: BTreeMap<String, String>,
    streams: Streams,
    tables: Tables,
    changed: usize,
}

async fn resources(clients: &Clients, target: &Target, plan: &Plan, progress: &Progress) -> Result<Resources> {
    let task = progress.task("resources");
    let (buckets, queues, streams, tables, secrets, mail) = try_join!(
        buckets::deploy(clients, plan, &target.settings),
        queues::deploy(clients, plan),
        streams::deploy(clients, plan),
        tables::deploy(clients, plan),
        secrets::deploy(clients, target, plan),
        mail::deploy(clients, target),
    )?;
    let changed = buckets + queues.changed + streams.changed + tables.changed + secrets + mail;
    task.done(format!("{changed} changed"));
    Ok(Resources { queues: queues.urls, streams, tables, changed })
}

/// One sentence with every binary that is missing is worth more than a failure half-way.
fn check_binaries(target: &Target, plan: &Plan) -> Result<()> {
    let is_missing = |name: &&str| !target.bin_dir.join(name).is_file();
    let names = plan.functions.keys().map(String::as_str);
    let missing: Vec<&str> = names.filter(is_missing).collect();
    ensure!(missing.is_empty(), "not built in {}: {}", target.bin_dir.display(), missing.join(", "));
    Ok(())
}
