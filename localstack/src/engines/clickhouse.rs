//! ClickHouse's engine in a Python process, behind its HTTP protocol.

use std::fs;

use anyhow::Result;

use super::engine::Site;
use crate::fetch::Component;
use crate::process::Launch;

pub(super) fn launch(site: &Site<'_>) -> Result<Launch> {
    let folder = site.home.run().join("clickhouse");
    fs::create_dir_all(&folder)?;
    let component = site.installed.folder(Component::ClickHouse);
    let port = site.port.to_string();
    Ok(Launch {
        command: vec![
            site.installed.python().into(),
            component.join("chdb_front.py").into(),
            folder.join("data").into(),
            port.into(),
        ],
        environment: vec![
            ("PYTHONPATH".into(), component.join("packages").into()),
            ("PYTHONUNBUFFERED".into(), "1".into()),
            ("HOME".into(), folder.clone().into()),
            ("TMPDIR".into(), folder.clone().into()),
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ],
        folder,
        log: site.home.log("clickhouse"),
        dies_with_parent: site.dies_with_parent("KILL"),
    })
}
