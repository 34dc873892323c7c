//! Postgres: initialised on the first start, and never run as root.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::home::Home;
use crate::packages::Component;
use crate::private;
use crate::probe;
use crate::process::Launch;
use crate::setup::Setup;

/// Kept over a reboot, searchable by everyone.
const SHARED_FOLDER: &str = "/var/tmp";
/// Others have the right to search a folder.
const SEARCH_BY_OTHERS: u32 = 0o001;
const MAX_CONNECTIONS: &str = "200";
/// The major version of the packaged server: another one's files it cannot read.
const MAJOR: &str = "16";
/// Says which password the superuser has, as a hash: another one is set before the server starts.
const PASSWORD_MARK: &str = "superuser";
/// Rounds make guessing dear. The passwords are 128 random bits: 4096 rounds would only slow every connection down.
const SCRAM_ROUNDS: &str = "scram_iterations=16";
const WHO_MAY_CONNECT: &str = "# Written at every start.\nhost all all 127.0.0.1/32 scram-sha-256\n";

/// An account of the system that is not root.
struct User {
    name: &'static str,
    uid: u32,
    gid: u32,
}

pub(super) async fn launch(setup: &Setup<'_>, port: u16) -> Result<Launch> {
    let mut programs = setup.installed.folder(Component::Postgres);
    let mut folder = setup.home.run().join("postgres");
    let is_new = !folder.exists();
    fs::create_dir_all(&folder)?;
    let user = rustix::process::geteuid().is_root().then(unprivileged_user).transpose()?;
    if let Some(user) = &user {
        if !is_searchable(&folder)? {
            let elsewhere = folder_elsewhere(setup.home);
            if is_new && forget_orphan(&elsewhere)? {
                setup.progress.say(format!(
                    "  postgres starts anew: {} was of a platform whose folder somebody deleted",
                    elsewhere.display()
                ));
            }
            folder = move_elsewhere(&folder, elsewhere).await?;
            setup.progress.say(format!(
                "  postgres lies in {}: as root it runs as {}, which may not search {}",
                folder.display(),
                user.name,
                setup.home.run().display()
            ));
        }
        if !is_searchable(&programs)? {
            programs = copy_programs(&programs, &folder_elsewhere(setup.home).join("programs")).await?;
        }
        chown(&folder, Some(user.uid), Some(user.gid))?;
    }
    let cluster = Cluster { programs: &programs, data: folder.join("data"), folder: &folder, user: user.as_ref() };
    cluster.prepare(&setup.passwords.postgres).await?;
    let data = cluster.data;
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
        SCRAM_ROUNDS.into(),
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
pub(super) async fn accepts(port: u16) -> bool {
    let mut message = vec![0, 3, 0, 0];
    message.extend(b"user\0postgres\0database\0postgres\0\0");
    let mut packet = (message.len() as u32 + 4).to_be_bytes().to_vec();
    packet.extend(message);
    // 'R' with code 10: it asks for a password. An 'E' would be "the database system is starting up".
    probe::exchange(port, &packet)
        .await
        .is_ok_and(|answer| answer.first() == Some(&b'R') && answer.get(5..9) == Some(&10u32.to_be_bytes()))
}

/// Where it lies when its user may not search the platform's folder.
pub(crate) fn folder_elsewhere(home: &Home) -> PathBuf {
    let mut hash = DefaultHasher::new();
    home.run().hash(&mut hash);
    Path::new(SHARED_FOLDER).join(format!("cinema-postgres-{:016x}", hash.finish()))
}

/// The files of one server, and who may touch them.
struct Cluster<'a> {
    programs: &'a Path,
    data: PathBuf,
    folder: &'a Path,
    user: Option<&'a User>,
}

impl Cluster<'_> {
    /// Initialises what is new, and brings what is old up to the present rules.
    async fn prepare(&self, password: &str) -> Result<()> {
        match fs::read_to_string(self.data.join("PG_VERSION")) {
            Ok(version) => ensure!(
                version.trim() == MAJOR,
                "the database in {} was made by Postgres {}, this is {MAJOR}: save what matters, then \
                 `cargo cinema down --wipe`",
                self.data.display(),
                version.trim()
            ),
            Err(_) => self.initialise().await?,
        }
        let mark = hex::encode(Sha256::digest(password));
        let known = self.folder.join(PASSWORD_MARK);
        if fs::read_to_string(&known).is_ok_and(|known| known == mark) {
            return Ok(());
        }
        self.set_password(password).await?;
        let rules = self.data.join("pg_hba.conf");
        fs::write(&rules, WHO_MAY_CONNECT).with_context(|| format!("{} cannot be written", rules.display()))?;
        Ok(fs::write(known, mark)?)
    }

    async fn initialise(&self) -> Result<()> {
        // What an interrupted first start left behind.
        let _ = fs::remove_dir_all(&self.data);
        let options = ["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
        let mut arguments: Vec<OsString> = options.map(OsString::from).to_vec();
        // It insists on a password; the one that counts is set afterwards, as for an old cluster.
        let first = self.folder.join("first-password");
        fs::write(&first, private::password()?)?;
        if let Some(user) = self.user {
            chown(&first, Some(user.uid), Some(user.gid))?;
        }
        arguments.extend(["--no-instructions".into(), "--pwfile".into(), first.clone().into()]);
        arguments.extend(["-D".into(), self.data.clone().into()]);
        let done = self.run("initdb", &arguments, "").await;
        fs::remove_file(first)?;
        done
    }

    /// As the only user of the files: nobody can connect meanwhile, and no password is asked for.
    async fn set_password(&self, password: &str) -> Result<()> {
        let arguments = ["--single", "-c", SCRAM_ROUNDS, "-D"].map(OsString::from).into_iter();
        let arguments: Vec<OsString> = arguments.chain([self.data.clone().into(), "postgres".into()]).collect();
        self.run("postgres", &arguments, &format!("ALTER ROLE postgres PASSWORD '{password}'\n")).await
    }

    async fn run(&self, program: &str, arguments: &[OsString], input: &str) -> Result<()> {
        let mut command = drop_rights(self.user, None);
        command.push(self.programs.join("bin").join(program).into());
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .args(arguments)
            .env_clear()
            .envs(environment())
            .current_dir(self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{program} could not be started"))?;
        // Dropped afterwards: that is the end of its input.
        child.stdin.take().context("its input")?.write_all(input.as_bytes()).await?;
        let output = child.wait_with_output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        // The single-user server reports a refused statement and ends well all the same.
        let well = output.status.success() && !said.contains("ERROR:");
        ensure!(well, "{program} failed: {}{said}", String::from_utf8_lossy(&output.stdout));
        Ok(())
    }
}

/// Deletes the database of a platform whose own folder is gone, and says whether there was one. Its accounts would have lost their objects, tables and keys: a
/// new platform in the same place would take them for its own.
fn forget_orphan(elsewhere: &Path) -> Result<bool> {
    let data = elsewhere.join("data");
    match fs::remove_dir_all(&data) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("{} cannot be deleted", data.display())),
    }
}

/// The folder in which its user may search, with what an earlier version kept in `folder`.
async fn move_elsewhere(folder: &Path, elsewhere: PathBuf) -> Result<PathBuf> {
    fs::create_dir_all(&elsewhere)?;
    let (old, new) = (folder.join("data"), elsewhere.join("data"));
    if old.exists() && !new.exists() {
        // Not a rename: it may be another file system.
        let status = Command::new("mv").arg(&old).arg(&new).status().await?;
        ensure!(status.success(), "moving {} to {} failed", old.display(), new.display());
    }
    Ok(elsewhere)
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
