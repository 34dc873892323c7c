//! Uses a running platform as people do, and looks at what its processes keep of it.

mod journey;
mod ledger;
mod queues;
mod verdict;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use engines::{Home, progress::Progress};
use futures::future::join_all;

pub(crate) use self::verdict::caught_up;
use crate::{
    client::Cinema,
    output,
    platform::{self, Platform},
    soak::{
        journey::{Studio, Viewer},
        ledger::Ledger,
        verdict::{Moment, Verdict},
    },
};

/// When it ends, and how many people come.
pub(crate) struct Length {
    pub time: Duration,
    pub calls: u64,
    pub viewers: u8,
}

impl Length {
    fn is_over(&self, begun: Instant, ledger: &Ledger) -> bool {
        begun.elapsed() >= self.time || ledger.calls() >= self.calls
    }
}

/// The part of a soak after which everything has been used once: what grows until then is no ageing.
const WARM_UP: f64 = 0.15;
/// A film is uploaded this often.
const UPLOAD_EVERY: Duration = Duration::from_secs(10 * 60);

/// Whether the platform has aged.
pub(crate) async fn run(root: &Path, home: &Home, length: &Length, progress: &Progress) -> Result<bool> {
    let edge = Platform::edge_url(home)?.context("the edge does not run: `cargo cinema up`")?;
    let endpoints = platform::endpoints(home)?;
    let ledger = Arc::new(Ledger::default());
    let waiting = queues::waiting(&endpoints.aws).await?;

    progress.say("Soak");
    let task = progress.task("idle before");
    let idle_before = verdict::idle_share(home).await?;
    task.done(verdict::percent(idle_before));

    let cinema = Cinema::new(&edge)?;
    let people = (0..length.viewers).map(|number| Viewer::arrive(&cinema, &endpoints.aws, number, ledger.clone()));
    let people = join_all(people).await.into_iter().collect::<Result<Vec<_>>>()?;
    let studio = Studio::open(&cinema, home).await?;

    let warm_up =
        Length { time: length.time.mul_f64(WARM_UP), calls: (length.calls as f64 * WARM_UP) as u64, ..*length };
    use_it(&people, &studio, &warm_up, &ledger, progress, "warm-up").await?;
    let first = Moment::now(home, root, ledger.calls()).await?;
    let rest = Length { time: length.time.saturating_sub(warm_up.time), ..*length };
    use_it(&people, &studio, &rest, &ledger, progress, "journeys").await?;
    let last = Moment::now(home, root, ledger.calls()).await?;

    let task = progress.task("catching up");
    let caught_up = verdict::caught_up(home).await?;
    task.done(caught_up.map_or_else(|| "not yet".to_owned(), |after| format!("after {} s", after.as_secs())));
    let task = progress.task("idle after");
    let idle_after = verdict::idle_share(home).await?;
    task.done(verdict::percent(idle_after));
    let left = queues::settled(&endpoints.aws, &waiting).await?;
    let task = progress.task("memory at rest");
    let memory = verdict::memory_at_rest(home).await?;
    task.done(format!("{} MiB", memory >> 10));

    let verdict = Verdict::of(&first, &last, (idle_before, idle_after), caught_up, memory, left, &ledger);
    for line in verdict.table() {
        output::line(line)?;
    }
    for fault in &verdict.faults {
        eprintln!("  ✗ {fault}");
    }
    Ok(!verdict.faults.is_empty())
}

async fn use_it(
    people: &[Viewer],
    studio: &Studio,
    length: &Length,
    ledger: &Ledger,
    progress: &Progress,
    name: &str,
) -> Result<()> {
    let task = progress.task(name);
    let begun = Instant::now();
    let visits = people.iter().map(async |viewer| {
        while !length.is_over(begun, ledger) {
            viewer.visit().await;
            task.note(format!("{} calls, {} failed", ledger.calls(), ledger.failed()));
        }
    });
    let films = async {
        while !length.is_over(begun, ledger) {
            let uploaded = studio.upload().await;
            ledger.outcome("upload", uploaded.as_ref().err().map(|error| format!("{error:#}")));
            let next = Instant::now() + UPLOAD_EVERY;
            while Instant::now() < next && !length.is_over(begun, ledger) {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    };
    tokio::join!(join_all(visits), films);
    task.done(format!("{} calls", ledger.calls()));
    Ok(())
}
