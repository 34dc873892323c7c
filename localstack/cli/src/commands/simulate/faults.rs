//! `cargo cinema simulate faults`: a copy of the repository is broken in one known way after the other, and the simulation must find each.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use engines::progress::Progress;
use tokio::process::Command;

use super::BILLING;
use crate::{
    cargo::{cargo, target},
    output,
    variables::Variables,
};

/// A patch for each fault. Above its first file stand what it breaks, and in lines of [`FOUND_BY`] what the simulation says of it.
const FOLDER: &str = "functions/payment/faults";
const FOUND_BY: &str = "Found by: ";
/// A fault in which something goes round for ever is found by this.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// Which faults, and how long each is looked for.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Only these, by the names of their files without `.patch`
    names: Vec<String>,
    /// So many histories at most for each
    #[arg(long, default_value_t = 30)]
    seeds: u32,
    /// The first seed of each; a new one without it
    #[arg(long)]
    seed: Option<u64>,
    /// How long each history is
    #[arg(long, default_value_t = 1)]
    years: u32,
}

/// A way to break the service.
struct Fault {
    name: String,
    patch: PathBuf,
    findings: Vec<String>,
    /// What the patch changes.
    files: Vec<PathBuf>,
}

/// What became of the histories of one fault.
struct Histories {
    are_true: bool,
    text: String,
    elapsed: Duration,
}

impl Histories {
    /// How many were begun.
    fn count(&self) -> usize {
        self.text.lines().filter(|line| line.starts_with("seed ")).count()
    }

    /// What the first panic says.
    fn complaint(&self) -> &str {
        let mut lines = self.text.lines().skip_while(|line| !line.contains("panicked at"));
        lines.nth(1).unwrap_or("nothing")
    }
}

/// Says whether every fault was found, and prints a table.
pub(super) async fn run(
    root: &Path,
    arguments: &Arguments,
    environment: &Variables,
    progress: &Progress,
) -> Result<bool> {
    let faults = read(&root.join(FOLDER), &arguments.names)?;
    let target = target(root).join("faults");
    let copy = target.join("repository");
    copy_to(root, &copy).await?;
    let bench = Bench { target, copy, arguments, environment };
    progress.say("Without a fault");
    let whole = bench.simulate(1).await?;
    ensure!(whole.are_true, "without a fault it fails already: {}", whole.complaint());
    output::line("| fault | found by | histories | seconds |\n|---|---|---|---|")?;
    let mut missed = 0;
    for fault in &faults {
        progress.say(&fault.name);
        bench.plant(fault).await?;
        let histories = bench.simulate(arguments.seeds).await?;
        for file in &fault.files {
            fs::copy(root.join(file), bench.copy.join(file)).with_context(|| file.display().to_string())?;
        }
        let finding = fault.findings.iter().find(|finding| histories.text.contains(*finding));
        let finding = finding.filter(|_| !histories.are_true);
        missed += usize::from(finding.is_none());
        let (count, seconds) = (histories.count(), histories.elapsed.as_secs());
        match finding {
            Some(finding) => output::line(format_args!("| {} | {finding} | {count} | {seconds} |", fault.name))?,
            None => output::line(format_args!(
                "| {} | **not found**: {} | {count} | {seconds} |",
                fault.name,
                histories.complaint()
            ))?,
        }
    }
    Ok(missed == 0)
}

/// The faults of a folder in the order of their names.
fn read(folder: &Path, names: &[String]) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let patch = entry?.path();
        let Some(name) = patch.file_stem().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        if patch.extension().is_some_and(|ending| ending == "patch") && (names.is_empty() || names.contains(&name)) {
            let text = fs::read_to_string(&patch)?;
            let after = |start: &'static str| text.lines().filter_map(move |line| line.strip_prefix(start));
            let findings = after(FOUND_BY).map(str::to_owned).collect();
            let files = after("--- a/").map(PathBuf::from).collect();
            faults.push(Fault { name, patch, findings, files });
        }
    }
    for name in names {
        ensure!(faults.iter().any(|fault| fault.name == *name), "there is no fault {name:?} in {FOLDER}");
    }
    faults.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(faults)
}

/// Makes `copy` what git would keep. A file that is the same already is left alone: cargo goes by its time.
async fn copy_to(root: &Path, copy: &Path) -> Result<()> {
    let mut list = Command::new("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root).stdin(Stdio::null());
    let listed = list.output().await.context("git cannot be started")?;
    ensure!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let mut kept = BTreeSet::new();
    for name in String::from_utf8(listed.stdout)?.split_terminator('\0') {
        let (from, to) = (root.join(name), copy.join(name));
        // One that was deleted is listed until that is committed.
        if !from.is_file() {
            continue;
        }
        if fs::read(&to).ok() != Some(fs::read(&from)?) {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::copy(&from, &to).with_context(|| from.display().to_string())?;
        }
        kept.insert(to);
    }
    remove_others(copy, &kept)
}

fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// Where faults are planted.
struct Bench<'a> {
    copy: PathBuf,
    /// One for all, so that each fault compiles what it changes alone.
    target: PathBuf,
    arguments: &'a Arguments,
    environment: &'a Variables,
}

impl Bench<'_> {
    async fn plant(&self, fault: &Fault) -> Result<()> {
        let mut apply = Command::new("git");
        // The copy is no repository, whatever lies around it.
        apply.env("GIT_CEILING_DIRECTORIES", self.copy.parent().unwrap_or(&self.copy));
        apply.args(["apply", "--whitespace=nowarn"]).arg(&fault.patch).current_dir(&self.copy).stdin(Stdio::null());
        let applied = apply.output().await.context("git cannot be started")?;
        let reason = String::from_utf8_lossy(&applied.stderr);
        ensure!(applied.status.success(), "{} does not fit the source any more: {reason}", fault.name);
        Ok(())
    }

    async fn simulate(&self, seeds: u32) -> Result<Histories> {
        let (package, test) = BILLING;
        let base = ["test", "--quiet", "--package", package, "--test", "it"];
        let built =
            self.cargo(&[&base[..], &["--no-run"]].concat()).output().await.context("cargo cannot be started")?;
        ensure!(built.status.success(), "it does not compile:\n{}", String::from_utf8_lossy(&built.stderr));
        let mut command = self.cargo(&[&base[..], &["--", "--nocapture", "--exact", test]].concat());
        command.env("CINEMA_SEEDS", seeds.to_string()).env("CINEMA_YEARS", self.arguments.years.to_string());
        if let Some(seed) = self.arguments.seed {
            command.env("CINEMA_SEED", seed.to_string());
        }
        let begun = Instant::now();
        let Ok(ended) = tokio::time::timeout(LONGEST, command.output()).await else {
            let text = "a history that panicked at nothing\nand has no end".to_owned();
            return Ok(Histories { are_true: false, text, elapsed: begun.elapsed() });
        };
        let ended = ended.context("cargo cannot be started")?;
        let text = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Ok(Histories { are_true: ended.status.success(), text, elapsed: begun.elapsed() })
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo(&self.copy);
        command.args(arguments).env("CARGO_TARGET_DIR", &self.target).stdin(Stdio::null()).kill_on_drop(true);
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_says_what_finds_it_and_changes_something() {
        let folder = crate::repository::root().unwrap().join(FOLDER);
        let faults = read(&folder, &[]).unwrap();
        assert!(faults.len() >= 10, "{}", faults.len());
        for Fault { name, findings, files, .. } in faults {
            assert!(!findings.is_empty() && !files.is_empty(), "{name}");
        }
        assert!(read(&folder, &["no-such-fault".to_owned()]).is_err());
    }

    #[tokio::test]
    async fn a_copy_is_made_what_git_would_keep() {
        let root = crate::repository::root().unwrap();
        let temp = tempfile::tempdir().unwrap();
        let (fault, stranger) = (temp.path().join("Cargo.toml"), temp.path().join("functions/stranger.rs"));
        fs::create_dir_all(stranger.parent().unwrap()).unwrap();
        for file in [&fault, &stranger] {
            fs::write(file, "planted").unwrap();
        }
        copy_to(&root, temp.path()).await.unwrap();
        assert!(!stranger.exists());
        assert_eq!(fs::read(&fault).unwrap(), fs::read(root.join("Cargo.toml")).unwrap());
        let time = fs::metadata(&fault).unwrap().modified().unwrap();
        copy_to(&root, temp.path()).await.unwrap();
        assert_eq!(fs::metadata(&fault).unwrap().modified().unwrap(), time);
    }

    #[test]
    fn the_first_complaint_is_told() {
        let text = "seed 1\nseed 2\nthread 'x' panicked at y:\nthe bank took it\nthread 'z' panicked at".to_owned();
        let histories = Histories { are_true: false, text, elapsed: Duration::ZERO };
        assert_eq!((histories.count(), histories.complaint()), (2, "the bank took it"));
    }
}
