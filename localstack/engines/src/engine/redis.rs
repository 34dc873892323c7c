//! Redis holds limits only, in tables of fixed size: nothing is written to disk, and nothing may be evicted.

use std::ffi::OsString;
use std::fs;

use anyhow::Result;

use crate::packages::Component;
use crate::process::Launch;
use crate::setup::Setup;

pub(super) fn launch(setup: &Setup<'_>, port: u16) -> Result<Launch> {
    let folder = setup.home.run().join("redis");
    fs::create_dir_all(&folder)?;
    let program = setup.installed.folder(Component::Redis).join("bin/redis-server");
    let mut command: Vec<OsString> = vec![program.into()];
    command.extend(["--bind", "127.0.0.1", "--port"].map(OsString::from));
    command.push(port.to_string().into());
    command.extend(["--save", "", "--appendonly", "no", "--maxmemory", "64mb"].map(OsString::from));
    command.extend(["--maxmemory-policy", "noeviction"].map(OsString::from));
    Ok(Launch {
        command,
        environment: vec![("LC_ALL".into(), "C".into())],
        folder,
        log: setup.home.log("redis"),
        dies_with_parent: setup.dies_with_parent("KILL"),
    })
}
