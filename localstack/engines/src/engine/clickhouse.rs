//! ClickHouse's engine in a Python process, behind its HTTP protocol.

use std::fs;

use anyhow::Result;

use crate::packages::Component;
use crate::process::Launch;
use crate::setup::Setup;

pub(super) fn launch(setup: &Setup<'_>, port: u16) -> Result<Launch> {
    let folder = setup.home.run().join("clickhouse");
    fs::create_dir_all(&folder)?;
    let component = setup.installed.folder(Component::ClickHouse);
    let port = port.to_string();
    Ok(Launch {
        command: vec![
            setup.installed.python().into(),
            component.join("chdb_front.py").into(),
            folder.join("data").into(),
            port.into(),
        ],
        environment: vec![
            ("CHDB_FRONT_PASSWORD".into(), setup.passwords.clickhouse.clone().into()),
            ("PYTHONPATH".into(), component.join("packages").into()),
            ("PYTHONUNBUFFERED".into(), "1".into()),
            ("HOME".into(), folder.clone().into()),
            ("TMPDIR".into(), folder.clone().into()),
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ],
        folder,
        log: setup.home.log("clickhouse"),
        dies_with_parent: setup.dies_with_parent("KILL"),
    })
}
