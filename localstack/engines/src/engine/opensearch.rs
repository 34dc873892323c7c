//! One OpenSearch node.

use std::ffi::OsString;
use std::fs;

use anyhow::Result;

use crate::packages::{Component, class_archive, java_arguments};
use crate::process::Launch;
use crate::setup::Setup;

pub(super) fn launch(setup: &Setup<'_>, port: u16) -> Result<Launch> {
    let folder = setup.home.run().join("opensearch");
    fs::create_dir_all(folder.join("tmp"))?;
    let component = setup.installed.folder(Component::OpenSearch);
    let mut command: Vec<OsString> = vec![setup.installed.tools().java().into()];
    let archive = class_archive(&component);
    if archive.exists() {
        command.push(format!("-XX:SharedArchiveFile={}", archive.display()).into());
    }
    command.push(format!("-Djava.io.tmpdir={}", folder.join("tmp").display()).into());
    command.extend(java_arguments(&component)?);
    command.extend(["OpenSearchDev".into(), folder.clone().into_os_string(), port.to_string().into()]);
    Ok(Launch {
        command,
        environment: vec![
            ("HOME".into(), folder.clone().into()),
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ],
        folder,
        log: setup.home.log("opensearch"),
        dies_with_parent: setup.dies_with_parent("KILL"),
    })
}
