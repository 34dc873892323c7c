//! What the processes of a platform hold, and whether it grows with use.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::daemons::Daemons;
use crate::home::Home;
use crate::process::{Process, family, memory_kib};

/// What processes hold at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Footprint {
    /// How many they are.
    pub processes: u64,
    /// Their memory; pages shared between them count once.
    pub memory_kib: u64,
    /// Their threads.
    pub threads: u64,
    /// Their memory mappings: the kernel allows a process 65,530.
    pub mappings: u64,
    /// Their open files and sockets.
    pub files: u64,
    /// Processor time since they started; of children that ended as well.
    pub processor_ms: u64,
}

/// What grew between two footprints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Growth {
    /// Memory.
    pub memory_kib: i64,
    /// Threads.
    pub threads: i64,
    /// Memory mappings.
    pub mappings: i64,
    /// Open files and sockets.
    pub files: i64,
}

impl Footprint {
    /// Of a process and all its descendants, by program: `""` is the process itself. A Lambda function goes by its name.
    pub fn of(process: &Process) -> BTreeMap<String, Self> {
        let mut found: BTreeMap<String, Self> = BTreeMap::new();
        for pid in family(process.pid) {
            // One that ended meanwhile holds nothing.
            let Ok(name) = fs::read_to_string(format!("/proc/{pid}/comm")) else { continue };
            let name = match function(pid) {
                _ if pid == process.pid => String::new(),
                Some(function) => function,
                None => name.trim().to_owned(),
            };
            found.entry(name).or_default().add(Self::of_one(pid));
        }
        found
    }

    /// Of every process of a platform, by daemon and program: `localstack`, `localstack/java`, `edge`.
    pub fn of_platform(home: &Home) -> Result<BTreeMap<String, Self>> {
        let mut found = BTreeMap::new();
        for (name, daemon) in Daemons::load(home)?.by_name {
            for (program, footprint) in Self::of(&daemon.process) {
                found.insert(if program.is_empty() { name.clone() } else { format!("{name}/{program}") }, footprint);
            }
        }
        Ok(found)
    }

    /// All of them together.
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        all.into_iter().for_each(|one| sum.add(*one));
        sum
    }

    /// The share of one processor that was busy from `before` on.
    pub fn processor_share(&self, before: &Self, elapsed: Duration) -> f64 {
        let busy = self.processor_ms.saturating_sub(before.processor_ms);
        busy as f64 / (elapsed.as_millis().max(1) as f64)
    }

    /// What was added since `before`.
    pub fn growth(&self, before: &Self) -> Growth {
        let grown = |now: u64, then: u64| now.cast_signed().saturating_sub(then.cast_signed());
        Growth {
            memory_kib: grown(self.memory_kib, before.memory_kib),
            threads: grown(self.threads, before.threads),
            mappings: grown(self.mappings, before.mappings),
            files: grown(self.files, before.files),
        }
    }

    fn of_one(pid: u32) -> Self {
        let lines = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let status = lines("status");
        let threads = status.lines().find_map(|line| line.strip_prefix("Threads:")?.trim().parse().ok());
        Self {
            processes: 1,
            memory_kib: memory_kib(pid),
            threads: threads.unwrap_or(0),
            mappings: lines("maps").lines().count() as u64,
            files: fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count) as u64,
            processor_ms: processor_ms(&lines("stat")),
        }
    }

    fn add(&mut self, other: Self) {
        self.processes += other.processes;
        self.memory_kib += other.memory_kib;
        self.threads += other.threads;
        self.mappings += other.mappings;
        self.files += other.files;
        self.processor_ms += other.processor_ms;
    }
}

impl Growth {
    /// What it would be after `calls` when `seen` calls caused it.
    pub fn extrapolated(self, seen: u64, calls: u64) -> Self {
        let (seen, calls) = (seen.max(1).cast_signed(), calls.cast_signed());
        let project = |grown: i64| grown.saturating_mul(calls) / seen;
        Self {
            memory_kib: project(self.memory_kib),
            threads: project(self.threads),
            mappings: project(self.mappings),
            files: project(self.files),
        }
    }

    /// Whether nothing of it is more than `limit` has.
    pub fn is_within(&self, limit: &Self) -> bool {
        self.memory_kib <= limit.memory_kib
            && self.threads <= limit.threads
            && self.mappings <= limit.mappings
            && self.files <= limit.files
    }
}

/// Which function a process runs; what it starts itself inherits the variable and counts as the function.
fn function(pid: u32) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let name = variables.find_map(|variable| variable.strip_prefix(b"AWS_LAMBDA_FUNCTION_NAME="))?;
    String::from_utf8(name.to_owned()).ok()
}

/// Of `/proc/<pid>/stat`: user and system time, of itself and of the children it waited for.
fn processor_ms(stat: &str) -> u64 {
    // The kernel counts for programs in hundredths of a second, whatever its own clock does.
    const MS_PER_TICK: u64 = 10;
    let Some((_, fields)) = stat.rsplit_once(')') else { return 0 };
    let ticks = fields.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<u64>().ok());
    ticks.sum::<u64>() * MS_PER_TICK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_finds_its_own_threads_files_and_work() {
        let myself = Process::of(std::process::id()).unwrap();
        let own = || Footprint::of(&myself)[""];
        let before = own();
        assert!(before.memory_kib > 0 && before.mappings > 10, "{before:?}");
        let files: Vec<_> = (0..50).map(|_| fs::File::open("/proc/self/stat").unwrap()).collect();
        // Tests beside this one end threads and close files of the same process: far fewer than it has.
        let (threads, ends): (Vec<_>, Vec<_>) = (0..50)
            .map(|_| {
                let (end, receive) = std::sync::mpsc::channel::<()>();
                (std::thread::spawn(move || receive.recv().is_err()), end)
            })
            .unzip();
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(100) {}
        let after = own();
        let growth = after.growth(&before);
        assert!(growth.files >= 40 && growth.threads >= 30, "{growth:?}");
        assert!(after.processor_share(&before, begun.elapsed()) > 0.1, "{before:?} {after:?}");
        drop((files, ends));
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    }

    #[test]
    fn growth_is_extrapolated_and_judged() {
        let footprint = |mappings, files| Footprint { mappings, files, ..Footprint::default() };
        let growth = footprint(2_100, 90).growth(&footprint(100, 100)).extrapolated(1_000, 100_000);
        assert_eq!((growth.mappings, growth.files), (200_000, -1_000));
        assert!(!growth.is_within(&Growth { mappings: 10_000, ..Growth::default() }));
        assert!(growth.is_within(&Growth { mappings: 200_000, ..Growth::default() }));
    }
}
