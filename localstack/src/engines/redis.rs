//! Redis holds limits and caches only: nothing is written to disk.

use std::ffi::OsString;
use std::fs;

use anyhow::Result;

use super::engine::Site;
use crate::fetch::Component;
use crate::process::Launch;

pub(super) fn launch(site: &Site<'_>) -> Result<Launch> {
    let folder = site.home.run().join("redis");
    fs::create_dir_all(&folder)?;
    let program = site.installed.folder(Component::Redis).join("bin/redis-server");
    let mut command: Vec<OsString> = vec![program.into()];
    command.extend(["--bind", "127.0.0.1", "--port"].map(OsString::from));
    command.push(site.port.to_string().into());
    command.extend(["--save", "", "--appendonly", "no", "--maxmemory", "64mb"].map(OsString::from));
    command.extend(["--maxmemory-policy", "volatile-ttl"].map(OsString::from));
    Ok(Launch {
        command,
        environment: vec![("LC_ALL".into(), "C".into())],
        folder,
        log: site.home.log("redis"),
        dies_with_parent: site.dies_with_parent("KILL"),
    })
}
