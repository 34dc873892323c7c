//! Brings every schema of the platform up to date.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use engines::progress::Progress;
use futures::{StreamExt, TryStreamExt, stream};

use crate::target::{DATABASE, Target};

/// Schemas migrated at the same time.
const CONCURRENCY: usize = 4;

/// What was migrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// Service → the URL with which it reaches its schema.
    pub postgres: BTreeMap<String, String>,
    /// Files that ran in ClickHouse.
    pub clickhouse: usize,
}

/// Creates roles and schemas, runs the migrations of every service that has some, and the tables of analytics.
pub async fn migrate(target: &Target, progress: &Progress) -> Result<Migrated> {
    let task = progress.task("migrations");
    let services = services(target)?;
    task.steps(services.len() as u64 + 1);
    let jobs = services.into_iter().map(|service| {
        let task = &task;
        async move {
            let password = target.settings.postgres_password(&service);
            let url = migrations::migrate(&target.endpoints.postgres, DATABASE, &target.root, &service, &password);
            let url = url.await.with_context(|| format!("migrating {service}"))?;
            task.step();
            anyhow::Ok((service, url))
        }
    });
    let postgres: BTreeMap<String, String> = stream::iter(jobs).buffer_unordered(CONCURRENCY).try_collect().await?;
    task.note("clickhouse");
    let clickhouse = migrations::migrate_clickhouse(&target.endpoints.clickhouse, DATABASE, &target.root).await?;
    task.done(format!("{} schemas, {clickhouse} new files in ClickHouse", postgres.len()));
    Ok(Migrated { postgres, clickhouse })
}

/// The services with a folder of migrations.
fn services(target: &Target) -> Result<Vec<String>> {
    let folder = target.root.join("functions");
    let failed = || format!("reading {}", folder.display());
    let mut services = Vec::new();
    for entry in fs::read_dir(&folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        if entry.path().join("migrations").is_dir() {
            services.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    services.sort();
    Ok(services)
}
