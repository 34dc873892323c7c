//! Histories one beside the other, as many as the environment asks for. A history that fails names its seed.

use std::{
    fmt,
    future::Future,
    io::Write as _,
    num::NonZero,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

/// A number of the environment.
pub fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Names the seed when a run fails.
struct Named(u64);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CINEMA_SEED={} replays it", self.0)
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{self}");
        }
    }
}

/// A history; where it panics, its seed is named.
pub async fn named<T>(seed: u64, history: impl Future<Output = T>) -> T {
    let _named = Named(seed);
    history.await
}

/// Not through `println!`: what a test prints is kept back when it passes, and the seeds that passed are to be known.
fn say(line: &str) {
    let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
}

/// Waits for the end of one of them. Where it failed, the others end before this does: only its own seed is named.
async fn join_next(under_way: &mut JoinSet<()>) {
    if let Some(Err(failed)) = under_way.join_next().await {
        under_way.shutdown().await;
        std::panic::resume_unwind(failed.into_panic());
    }
}

/// Runs the history of the seed `first`, or of `CINEMA_SEED`, and of those that follow: `CINEMA_SEEDS` of them, or new ones for some minutes.
/// As many at once as there are cores, because each waits for engines most of its time. Each says `seed N` at its beginning, and at its end what
/// `history` answers with.
pub async fn run_histories<F>(first: u64, minutes: Option<u64>, history: impl Fn(u64) -> F)
where
    F: Future<Output = String> + Send + 'static,
{
    let first = setting("CINEMA_SEED").unwrap_or(first);
    let beginning = Instant::now();
    let is_enough = |count| match minutes {
        Some(minutes) => beginning.elapsed() >= Duration::from_secs(minutes * 60),
        None => count >= setting("CINEMA_SEEDS").unwrap_or(1),
    };
    let lanes = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut under_way = JoinSet::new();
    for seed in (first..).take_while(|seed| !is_enough(seed - first)) {
        let history = named(seed, history(seed));
        under_way.spawn(async move {
            say(&format!("seed {seed}"));
            say(&format!("{seed}: {}", history.await));
        });
        if under_way.len() >= lanes {
            join_next(&mut under_way).await;
        }
    }
    while !under_way.is_empty() {
        join_next(&mut under_way).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn histories_run_and_a_failure_ends_them() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let note = |seed: u64| {
            let seen = seen.clone();
            async move {
                seen.lock().unwrap().push(seed);
                "done".to_owned()
            }
        };
        run_histories(7, None, note).await;
        let first = setting("CINEMA_SEED").unwrap_or(7);
        assert_eq!(seen.lock().unwrap().first(), Some(&first));
        let fails = tokio::spawn(run_histories(7, None, |seed| async move { panic!("of {seed}") }));
        assert!(fails.await.unwrap_err().is_panic());
    }
}
