//! Processes that outlive the command that started them: named by id and start time, ended politely, never confused
//! with a stranger that got the same id later.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

const POLL: Duration = Duration::from_millis(50);

/// A process on this machine since its last boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The process id.
    pub pid: u32,
    /// When it started, in the kernel's own words: an id is used again, the pair is not.
    pub started: String,
}

impl Process {
    /// The running process with this id.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = Stat::read(pid)?;
        stat.runs.then_some(Self { pid, started: stat.started })
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now == *self)
    }

    /// SIGTERM, then SIGKILL to this process alone once `patience` is over. False when it did not run any more.
    pub async fn stop(&self, patience: Duration) -> io::Result<bool> {
        self.stop_by(Signal::TERM, patience).await
    }

    /// As [`Process::stop`] with another first signal.
    pub async fn stop_by(&self, signal: Signal, patience: Duration) -> io::Result<bool> {
        if !self.is_alive() {
            return Ok(false);
        }
        self.signal(signal)?;
        let begun = Instant::now();
        while self.is_alive() {
            if begun.elapsed() > patience {
                self.signal(Signal::KILL)?;
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        while self.is_alive() {
            tokio::time::sleep(POLL).await;
        }
        Ok(true)
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
        match kill_process(pid, signal) {
            // Gone in the meantime: that is what was wanted.
            Err(rustix::io::Errno::SRCH) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Memory of it and of everything it started, in MiB; pages shared between them count once.
    pub fn memory_mib(&self) -> u64 {
        family(self.pid).into_iter().map(memory_kib).sum::<u64>() / 1024
    }
}

/// A process to be started with nothing of the caller's environment.
pub struct Launch {
    /// The program, then its arguments.
    pub command: Vec<OsString>,
    /// All of its environment.
    pub environment: Vec<(String, OsString)>,
    /// Its working folder.
    pub folder: PathBuf,
    /// Where stdout and stderr go; appended.
    pub log: PathBuf,
    /// The signal the kernel sends it when the starting process dies (`setpriv --pdeathsig`), for throw-away platforms.
    pub dies_with_parent: Option<&'static str>,
}

impl Launch {
    /// Starts it in a process group of its own, so that Ctrl-C in the terminal does not reach it.
    pub fn start(self) -> io::Result<Process> {
        let mut command = self.command;
        if let Some(signal) = self.dies_with_parent {
            command.splice(0..0, ["setpriv", "--pdeathsig", signal].map(OsString::from));
        }
        let [program, arguments @ ..] = command.as_slice() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(self.environment)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", program.display())))?;
        Process::of(child.id()).ok_or_else(|| io::Error::other(format!("{} ended at once", program.display())))
    }
}

/// What the kernel says about one process.
struct Stat {
    /// A zombie does not, unless threads of it still end: as long as they do, its ports stay open.
    runs: bool,
    parent: u32,
    started: String,
}

impl Stat {
    #[cfg(target_os = "linux")]
    fn read(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold anything: count from the last one.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Some(Self {
            runs: *fields.first()? != "Z" || fields.get(17)?.parse::<u32>().ok()? > 1,
            parent: fields.get(1)?.parse().ok()?,
            started: format!("{}/{}", boot.get(..8).unwrap_or_default(), fields.get(19)?),
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn read(pid: u32) -> Option<Self> {
        let output = Command::new("ps").args(["-o", "state=,ppid=,lstart=", "-p", &pid.to_string()]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut fields = text.split_whitespace();
        Some(Self {
            runs: !fields.next()?.starts_with('Z'),
            parent: fields.next()?.parse().ok()?,
            started: fields.collect::<Vec<_>>().join(" "),
        })
    }
}

/// A process and all its descendants.
pub(crate) fn family(pid: u32) -> HashSet<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        if let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok())
            && let Some(stat) = Stat::read(id)
        {
            children.entry(stat.parent).or_default().push(id);
        }
    }
    let mut found = HashSet::from([pid]);
    let mut open = vec![pid];
    while let Some(parent) = open.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            if found.insert(child) {
                open.push(child);
            }
        }
    }
    found
}

/// The proportional share where the kernel tells it, else the resident set.
pub(crate) fn memory_kib(pid: u32) -> u64 {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
        text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
    };
    field("smaps_rollup", "Pss:").or_else(|| field("status", "VmRSS:")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleep(folder: &std::path::Path, script: &str) -> Process {
        Launch {
            command: ["/bin/sh", "-c", script].map(OsString::from).to_vec(),
            environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
            folder: folder.to_owned(),
            log: folder.join("log"),
            dies_with_parent: None,
        }
        .start()
        .unwrap()
    }

    #[tokio::test]
    async fn a_polite_process_ends_at_once_and_a_stubborn_one_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let polite = sleep(folder.path(), "exec sleep 60");
        assert!(polite.is_alive());
        assert!(polite.stop(Duration::from_secs(10)).await.unwrap());
        assert!(!polite.is_alive());
        assert!(!polite.stop(Duration::from_secs(10)).await.unwrap());

        let stubborn = sleep(folder.path(), "trap '' TERM; while :; do sleep 0.1; done");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(stubborn.stop(Duration::from_millis(200)).await.unwrap());
        assert!(!stubborn.is_alive());
    }

    #[test]
    fn another_process_with_the_same_id_is_not_ours() {
        let myself = Process::of(std::process::id()).unwrap();
        assert!(myself.is_alive());
        assert!(!Process { started: "earlier".into(), ..myself }.is_alive());
    }
}
