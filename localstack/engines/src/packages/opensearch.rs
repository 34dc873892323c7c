//! One OpenSearch node from plain jars: its launcher is compiled here, and a class archive halves its start.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::Command;
use tokio::time::timeout;

use super::component::OPENSEARCH_NODE;
use super::jars;
use super::java::{self, Launcher};
use super::python::Python;
use super::tools::Tools;
use crate::process::Process;
use crate::progress::Task;

/// A first start on two busy cores takes 12 s.
const TRAINING_LIMIT: Duration = Duration::from_secs(120);
/// Dumping the archive takes 4 s.
const DUMP_LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn install(python: &Python, tools: &Tools, folder: &Path, task: &Task) -> Result<()> {
    jars::fetch(python, tools, "opensearch", &folder.join("jars"), task).await?;
    let (class_path, jar) = (jars::class_path(&folder.join("jars"))?, folder.join("node.jar"));
    let launcher = Launcher { class: "OpenSearchDev", source: OPENSEARCH_NODE, class_path: &class_path, jar: &jar };
    java::compile(&launcher, python, tools, folder, task).await?;
    task.note("training");
    // Without the archive it only starts more slowly.
    if let Err(error) = train(tools, folder).await {
        task.note(format!("no class archive: {error}"));
    }
    Ok(())
}

/// The options with which the archive was made must be those with which it is used.
pub(crate) fn java_arguments(folder: &Path) -> Result<Vec<OsString>> {
    let mut class_path = jars::class_path(&folder.join("jars"))?;
    class_path.push(folder.join("node.jar"));
    let mut arguments: Vec<OsString> = [
        "-Xms128m",
        "-Xmx384m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-cp",
    ]
    .map(OsString::from)
    .to_vec();
    arguments.push(class_path);
    Ok(arguments)
}

/// Where the class archive lies, if it could be made.
pub(crate) fn class_archive(folder: &Path) -> PathBuf {
    folder.join("node.jsa")
}

async fn train(tools: &Tools, folder: &Path) -> Result<()> {
    let home = folder.join("training");
    let address = folder.join("training.address");
    let mut child = Command::new(tools.java())
        .arg(format!("-XX:ArchiveClassesAtExit={}", class_archive(folder).display()))
        .args(java_arguments(folder)?)
        .arg("OpenSearchDev")
        .args([&home, &PathBuf::from("0"), &address])
        .stdin(std::process::Stdio::null())
        .stdout(File::create(folder.join("training.log"))?)
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let process = child.id().and_then(Process::of).context("it ended at once")?;
    let ready = async {
        while !address.exists() && process.is_alive() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(TRAINING_LIMIT, ready).await.context("it did not start")?;
    // The archive is written when it is asked to end.
    process.stop(DUMP_LIMIT).await?;
    child.wait().await?;
    fs::remove_dir_all(home)?;
    fs::remove_file(address)?;
    anyhow::ensure!(class_archive(folder).exists(), "it was not written");
    Ok(())
}
