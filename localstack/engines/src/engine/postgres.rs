//! Postgres: initialised on the first start, and never run as root.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::home::Home;
use crate::packages::Component;
use crate::probe;
use crate::process::Launch;
use crate::setup::Setup;

/// Kept over a reboot, searchable by everyone.
const SHARED_FOLDER: &str = "/var/tmp";
/// Others have the right to search a folder.
const SEARCH_BY_OTHERS: u32 = 0o001;
const MAX_CONNECTIONS: &str = "200";

/// An account of the system that is not root.
struct User {
    name: &'static str,
    uid: u32,
    gid: u32,
}

pub(super) async fn launch(setup: &Setup<'_>, port: u16) -> Result<Launch> {
    let mut programs = setup.installed.folder(Component::Postgres);
    let mut folder = setup.home.run().join("postgres");
    fs::create_dir_all(&folder)?;
    let user = rustix::process::geteuid().is_root().then(unprivileged_user).transpose()?;
    if let Some(user) = &user {
        if !is_searchable(&programs)? || !is_searchable(&folder)? {
            folder = folder_elsewhere(setup.home);
            programs = copy_programs(&programs, &folder.join("programs")).await?;
            setup.progress.say(format!(
                "  postgres lies in {}: as root it runs as {}, which may not search {}",
                folder.display(),
                user.name,
                setup.home.run().display()
            ));
        }
        chown(&folder, Some(user.uid), Some(user.gid))?;
    }
    let data = folder.join("data");
    if !data.join("PG_VERSION").exists() {
        initialise(&programs, &data, &folder, user.as_ref()).await?;
    }
    // INT is the fast shutdown: its children end with it.
    let dies_with_parent = setup.dies_with_parent("INT");
    let mut command = drop_rights(user.as_ref(), dies_with_parent);
    command.extend([programs.join("bin/postgres").into(), "-D".into(), data.into()]);
    let mut settings = vec![
        format!("port={}", port),
        "listen_addresses=127.0.0.1".into(),
        "unix_socket_directories=".into(),
        format!("max_connections={MAX_CONNECTIONS}"),
        "shared_buffers=64MB".into(),
        // A commit lost with the machine's power is no loss here; a damaged database would be one.
        "synchronous_commit=off".into(),
        // After a crash the default syncs file by file: 210 s for 130 schemas, against one call.
        "recovery_init_sync_method=syncfs".into(),
    ];
    if setup.throw_away {
        settings.extend(["fsync=off".into(), "full_page_writes=off".into()]);
    }
    for setting in settings {
        command.extend(["-c".into(), setting.into()]);
    }
    Ok(Launch {
        command,
        environment: environment(),
        folder,
        log: setup.home.log("postgres"),
        // With other rights the kernel forgets the wish: setpriv renews it after the change.
        dies_with_parent: dies_with_parent.filter(|_| user.is_none()),
    })
}

/// A connection gets as far as the server's first message.
pub(super) async fn is_healthy(port: u16) -> bool {
    let mut message = vec![0, 3, 0, 0];
    message.extend(b"user\0postgres\0database\0postgres\0\0");
    let mut packet = (message.len() as u32 + 4).to_be_bytes().to_vec();
    packet.extend(message);
    // 'R' with code 0: authenticated. An 'E' would be "the database system is starting up".
    let accepted = b"R\0\0\0\x08\0\0\0\0";
    probe::exchange(port, &packet).await.is_ok_and(|answer| answer.starts_with(accepted))
}

/// Where it lies when its user may not search the platform's folder.
pub(crate) fn folder_elsewhere(home: &Home) -> PathBuf {
    let mut hash = DefaultHasher::new();
    home.run().hash(&mut hash);
    Path::new(SHARED_FOLDER).join(format!("cinema-postgres-{:016x}", hash.finish()))
}

async fn initialise(programs: &Path, data: &Path, folder: &Path, user: Option<&User>) -> Result<()> {
    // What an interrupted first start left behind.
    let _ = fs::remove_dir_all(data);
    let mut command = drop_rights(user, None);
    command.extend([programs.join("bin/initdb").into(), "-D".into(), data.into()]);
    let options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"];
    command.extend(options.map(OsString::from));
    let output = Command::new(&command[0])
        .args(&command[1..])
        .env_clear()
        .envs(environment())
        .current_dir(folder)
        .output()
        .await
        .context("initdb could not be started")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "initdb failed: {}{said}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}

fn environment() -> Vec<(String, OsString)> {
    vec![("LC_ALL".into(), "C.UTF-8".into()), ("PATH".into(), "/usr/bin:/bin".into())]
}

fn drop_rights(user: Option<&User>, dies_with_parent: Option<&str>) -> Vec<OsString> {
    let Some(user) = user else { return Vec::new() };
    let mut command = vec![
        "setpriv".into(),
        format!("--reuid={}", user.uid).into(),
        format!("--regid={}", user.gid).into(),
        "--clear-groups".into(),
    ];
    command.extend(dies_with_parent.into_iter().flat_map(|signal| ["--pdeathsig".into(), signal.into()]));
    command
}

fn unprivileged_user() -> Result<User> {
    let accounts = fs::read_to_string("/etc/passwd")?;
    let find = |name: &'static str| {
        let fields: Vec<&str> =
            accounts.lines().find(|line| line.split(':').next() == Some(name))?.split(':').collect();
        Some(User { name, uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .context("Postgres needs an account that is not root: `useradd postgres`")
}

/// Whether every folder down to this one may be searched by anybody.
fn is_searchable(path: &Path) -> Result<bool> {
    for folder in path.ancestors() {
        if fs::metadata(folder)?.permissions().mode() & SEARCH_BY_OTHERS == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn copy_programs(from: &Path, to: &Path) -> Result<PathBuf> {
    let marker = to.join(".from");
    let origin = from.to_string_lossy();
    if fs::read_to_string(&marker).is_ok_and(|known| known == origin) {
        return Ok(to.to_owned());
    }
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to)?;
    let status = Command::new("cp").arg("-r").arg(from.join(".")).arg(to).status().await?;
    ensure!(status.success(), "copying Postgres to {} failed", to.display());
    fs::write(marker, origin.as_ref())?;
    Ok(to.to_owned())
}
