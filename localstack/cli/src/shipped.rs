//! The zips that go to AWS: one per function, with their digests beside them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use manifest::Plan;
use sha2::{Digest, Sha256};

use deploy::pack::{SMALL, function};
use engines::progress::Progress;

/// One packed function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipped {
    /// The function.
    pub name: String,
    /// Its zip.
    pub file: PathBuf,
    /// Size of the binary in bytes.
    pub binary_bytes: u64,
    /// Size of the zip in bytes.
    pub zip_bytes: u64,
    /// SHA-256 of the zip, in hex.
    pub sha256: String,
}

/// Packs every function of the plan from `bin_dir` into `<out>/<function>.zip` and writes `<out>/SHA256SUMS`.
pub fn pack(plan: &Plan, bin_dir: &Path, out: &Path, progress: &Progress) -> Result<Vec<Shipped>> {
    let task = progress.task("pack");
    task.steps(plan.functions.len() as u64);
    fs::create_dir_all(out).with_context(|| format!("creating {}", out.display()))?;
    let mut shipped = Vec::new();
    let mut sums = String::new();
    for name in plan.functions.keys() {
        task.note(name.as_str());
        let binary = bin_dir.join(name);
        let zip = function(&binary, SMALL)?;
        let file = out.join(format!("{name}.zip"));
        fs::write(&file, &zip).with_context(|| format!("writing {}", file.display()))?;
        let sha256 = hex::encode(Sha256::digest(&zip));
        sums.push_str(&format!("{sha256}  {name}.zip\n"));
        shipped.push(Shipped {
            name: name.clone(),
            file,
            binary_bytes: fs::metadata(&binary)?.len(),
            zip_bytes: zip.len() as u64,
            sha256,
        });
        task.step();
    }
    fs::write(out.join("SHA256SUMS"), sums).with_context(|| format!("writing {}", out.display()))?;
    task.done(format!("{} zips in {}", shipped.len(), out.display()));
    Ok(shipped)
}
