//! Small launchers in Java, compiled by the Eclipse compiler: the packaged runtime brings none.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use tokio::process::Command;

use super::jars;
use super::pip::watch;
use super::python::Python;
use super::tools::Tools;
use crate::progress::Task;

/// One class in the default package.
pub(super) struct Launcher<'a> {
    pub class: &'a str,
    pub source: &'a str,
    pub class_path: &'a OsStr,
    /// The file that is written.
    pub jar: &'a Path,
}

/// Compiles a launcher; `folder` is where its source and the compiler lie meanwhile.
pub(super) async fn compile(
    launcher: &Launcher<'_>,
    python: &Python,
    tools: &Tools,
    folder: &Path,
    task: &Task,
) -> Result<()> {
    let (compiler, classes) = (folder.join("ecj"), folder.join("classes"));
    jars::fetch(python, tools, "ecj", &compiler, task).await?;
    task.note("compiling");
    let source = folder.join(format!("{}.java", launcher.class));
    fs::write(&source, launcher.source)?;
    let ecj = jars::list(&compiler)?.into_iter().next().context("the compiler is missing")?;
    let mut command = Command::new(tools.java());
    command.arg("-jar").arg(ecj).args(["-17", "-nowarn", "-cp"]);
    command.arg(launcher.class_path).arg("-d").arg(&classes).arg(&source);
    watch(command, |_| {}).await.with_context(|| format!("compiling {}", launcher.class))?;
    // A jar and not the folder: the class archive of OpenSearch takes no folders.
    let mut jar = zip::ZipWriter::new(File::create(launcher.jar)?);
    for entry in fs::read_dir(&classes)? {
        let entry = entry?;
        jar.start_file(entry.file_name().to_string_lossy(), zip::write::SimpleFileOptions::default())?;
        jar.write_all(&fs::read(entry.path())?)?;
    }
    jar.finish()?;
    fs::remove_dir_all(classes)?;
    Ok(fs::remove_dir_all(compiler)?)
}
