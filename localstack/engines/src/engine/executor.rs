//! The plugin that runs functions as processes: a Python package beside LocalStack, written anew at every start.

use std::fs;
use std::path::Path;

use anyhow::Result;
use sha2::{Digest, Sha256};

const MODULES: [(&str, &str); 14] = [
    ("__init__.py", include_str!("../../programs/process-executor/localstack_process_executor/__init__.py")),
    ("ageing.py", include_str!("../../programs/process-executor/localstack_process_executor/ageing.py")),
    ("bounded.cjs", include_str!("../../programs/process-executor/localstack_process_executor/bounded.cjs")),
    ("callers.py", include_str!("../../programs/process-executor/localstack_process_executor/callers.py")),
    ("children.py", include_str!("../../programs/process-executor/localstack_process_executor/children.py")),
    ("dynamodb.py", include_str!("../../programs/process-executor/localstack_process_executor/dynamodb.py")),
    ("executor.py", include_str!("../../programs/process-executor/localstack_process_executor/executor.py")),
    ("kinesis.py", include_str!("../../programs/process-executor/localstack_process_executor/kinesis.py")),
    ("loopback.cjs", include_str!("../../programs/process-executor/localstack_process_executor/loopback.cjs")),
    ("plugin.py", include_str!("../../programs/process-executor/localstack_process_executor/plugin.py")),
    ("pollers.py", include_str!("../../programs/process-executor/localstack_process_executor/pollers.py")),
    ("runtime_api.py", include_str!("../../programs/process-executor/localstack_process_executor/runtime_api.py")),
    ("strangers.cjs", include_str!("../../programs/process-executor/localstack_process_executor/strangers.cjs")),
    ("strangers.py", include_str!("../../programs/process-executor/localstack_process_executor/strangers.py")),
];
const ENTRY_POINTS: &str = include_str!("../../programs/process-executor/entry_points.txt");
const METADATA: &str = "Metadata-Version: 2.1\nName: localstack-process-executor\nVersion: 0.1.0\n";

/// A name that changes with the plugin.
pub(super) fn build() -> String {
    let mut hash = Sha256::new();
    for (name, source) in MODULES {
        hash.update(name);
        hash.update(source);
    }
    hash.update(ENTRY_POINTS);
    hex::encode(&hash.finalize()[..6])
}

/// Writes the package and the metadata by which LocalStack finds its entry points; `folder` goes on `PYTHONPATH`.
pub(super) fn write(folder: &Path) -> Result<()> {
    let package = folder.join("localstack_process_executor");
    let metadata = folder.join("localstack_process_executor-0.1.0.dist-info");
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(&package)?;
    fs::create_dir_all(&metadata)?;
    for (name, source) in MODULES {
        fs::write(package.join(name), source)?;
    }
    fs::write(metadata.join("entry_points.txt"), ENTRY_POINTS)?;
    Ok(fs::write(metadata.join("METADATA"), METADATA)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localstack_is_told_of_every_hook() {
        let (_, plugin) = MODULES.iter().find(|(name, _)| *name == "plugin.py").unwrap();
        let hooks = plugin.split("@hooks.").skip(1).map(|hook| {
            let (_, hook) = hook.split_once("def ").unwrap();
            hook.split_once('(').unwrap().0
        });
        for hook in hooks {
            assert!(ENTRY_POINTS.contains(&format!("{hook} = localstack_process_executor.plugin:{hook}\n")), "{hook}");
        }
    }
}
