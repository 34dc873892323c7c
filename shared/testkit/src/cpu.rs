//! What the scheduler counts for a process.

use std::time::Duration;

/// CPU time of a process so far, in nanoseconds on a core as the scheduler counts them; /proc/<pid>/stat counts in steps of 10 ms.
pub fn cpu(pid: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let schedstat = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        schedstat.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}
