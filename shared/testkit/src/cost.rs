//! What calls cost, as benches tell it.

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

/// A row of a table: the name, how many per CPU-second, the CPU milliseconds of each, and in milliseconds how long so many of a hundred took at most.
/// Each call took the listed time.
pub fn row(name: &str, cpu: Duration, mut times: Vec<Duration>, shares: &[usize]) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    let calls = times.len() as f64;
    let seconds = cpu.as_secs_f64();
    let shares: String = shares.iter().map(|share| format!(" {:.2} |", at(*share))).collect();
    format!("| {name} | {:.0} | {:.2} |{shares}", calls / seconds, seconds * 1000.0 / calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_slowest() {
        let times = (1..=100).rev().map(Duration::from_millis).collect();
        let row = row("call", Duration::from_millis(200), times, &[50, 99]);
        assert_eq!(row, "| call | 500 | 2.00 | 51.00 | 100.00 |");
        assert!(cpu(std::process::id()) > Duration::ZERO);
    }
}
