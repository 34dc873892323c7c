//! Running ffmpeg and ffprobe: whitelisted formats and protocols, an empty environment, limits, and never an orphan.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Resource, Rlimit, Signal};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::tools::container::Container;
use crate::tools::error::MediaError;
use crate::tools::limits::Limits;

/// More than this on stdout is not an answer to anything that was asked.
const STDOUT_LIMIT_BYTES: usize = 256 << 20;
/// A damaged file makes ffmpeg complain once per packet: only the end is kept.
const STDERR_KEPT_BYTES: usize = 16 << 10;
/// Of which this much goes into an error.
const DETAIL_CHARS: usize = 600;

/// Where a source is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A presigned URL, read by range requests.
    Url(String),
    /// A file of the work folder.
    File(PathBuf),
}

impl Input {
    pub(crate) fn address(&self) -> &OsStr {
        match self {
            Input::Url(url) => OsStr::new(url),
            Input::File(path) => path.as_os_str(),
        }
    }
}

/// The two programs.
#[derive(Clone, Debug)]
pub struct Tools {
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
    ca_file: Option<PathBuf>,
}

/// What a run printed.
pub(crate) struct Printed {
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Tools {
    /// Both programs by name, wherever `PATH` finds them: on AWS the layer puts them into `/opt/bin`. Servers are
    /// checked against the roots that `SSL_CERT_FILE` names, like everywhere else.
    pub fn on_path() -> Tools {
        let found = |name: &str| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
        };
        // A missing program is reported when it is started, with its name.
        Tools {
            ffmpeg: found("ffmpeg").unwrap_or_else(|| "/opt/bin/ffmpeg".into()),
            ffprobe: found("ffprobe").unwrap_or_else(|| "/opt/bin/ffprobe".into()),
            ca_file: std::env::var_os("SSL_CERT_FILE").map(PathBuf::from),
        }
    }

    /// Both programs from one folder.
    pub fn in_folder(folder: &Path) -> Tools {
        Tools { ffmpeg: folder.join("ffmpeg"), ffprobe: folder.join("ffprobe"), ca_file: None }
    }

    /// Checks the servers of `https` sources against these roots; the static build has none of its own.
    pub fn with_ca_file(self, ca_file: impl Into<PathBuf>) -> Tools {
        Tools { ca_file: Some(ca_file.into()), ..self }
    }

    /// Names the encoder build: version, a hash of its configuration and libraries, and the processor.
    ///
    /// Two chunks encoded by different builds need not join, so the plan pins this.
    pub async fn build(&self) -> Result<String, MediaError> {
        let printed = self.run_ffmpeg(&["-version"], None, Limits::PROBE).await?;
        let text = String::from_utf8_lossy(&printed.stdout).into_owned();
        let version = text.split_whitespace().nth(2).unwrap_or("unknown");
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        Ok(format!("{version}-{}-{}", std::env::consts::ARCH, &digest[..12]))
    }

    /// The arguments that open `input`, ending with the address: no other format, no other protocol.
    pub(crate) fn open(&self, input: &Input, container: Container) -> Vec<OsString> {
        let mut arguments = self.guard(input, container);
        arguments.push("-i".into());
        arguments.push(input.address().to_owned());
        arguments
    }

    /// The input options that go before `-ss` and `-i`.
    pub(crate) fn guard(&self, input: &Input, container: Container) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-format_whitelist".into(), container.demuxer().into()];
        arguments.push("-protocol_whitelist".into());
        match input {
            Input::File(_) => arguments.push("file".into()),
            Input::Url(url) => {
                let is_plain = url.starts_with("http://");
                arguments.push(if is_plain { "http,tcp" } else { "https,tls,tcp" }.into());
                // A connection that stays silent for 20 s is opened again; S3 closes some under load.
                arguments.extend(
                    ["-rw_timeout", "20000000", "-reconnect", "1", "-reconnect_delay_max", "8"].map(OsString::from),
                );
                if let (false, Some(ca_file)) = (is_plain, &self.ca_file) {
                    arguments.extend(["-tls_verify".into(), "1".into(), "-ca_file".into(), ca_file.into()]);
                }
            }
        }
        arguments
    }

    pub(crate) async fn run_ffmpeg<A: AsRef<OsStr>>(
        &self,
        arguments: &[A],
        input: Option<&Input>,
        limits: Limits,
    ) -> Result<Printed, MediaError> {
        let mut command = Command::new(&self.ffmpeg);
        command.args(["-hide_banner", "-nostdin", "-nostats", "-v", "error", "-y"]).args(arguments);
        run("ffmpeg", command, input, limits).await
    }

    pub(crate) async fn run_ffprobe<A: AsRef<OsStr>>(
        &self,
        arguments: &[A],
        input: Option<&Input>,
        limits: Limits,
    ) -> Result<Printed, MediaError> {
        let mut command = Command::new(&self.ffprobe);
        command.args(["-hide_banner", "-v", "error"]).args(arguments);
        run("ffprobe", command, input, limits).await
    }
}

/// Kills the whole process group when the run is dropped, whatever the reason.
struct Group {
    id: Option<Pid>,
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let _ = rustix::process::kill_process_group(id, Signal::KILL);
        }
    }
}

async fn run(
    tool: &'static str,
    mut command: Command,
    input: Option<&Input>,
    limits: Limits,
) -> Result<Printed, MediaError> {
    command
        // What decodes strangers' files sees no credentials.
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|source| MediaError::Start { tool, source })?;
    let mut group = Group { id: child.id().and_then(|id| Pid::from_raw(id.cast_signed())) };
    if let Some(id) = group.id {
        restrict(id, limits);
    }
    let finished = tokio::time::timeout(limits.wall, collect(&mut child)).await;
    let Ok(collected) = finished else {
        drop(group);
        let _ = child.wait().await;
        return Err(MediaError::TimeUp { tool, seconds: limits.wall.as_secs() });
    };
    let (stdout, stderr, status) = collected.map_err(|source| MediaError::Start { tool, source })?;
    // The child is reaped: its id may belong to somebody else from here on.
    group.id = None;
    let stderr = redact(&String::from_utf8_lossy(&stderr), input);
    if !status.success() {
        return Err(MediaError::Tool { tool, status: status.to_string(), detail: end_of(&stderr) });
    }
    if stdout.len() >= STDOUT_LIMIT_BYTES {
        return Err(MediaError::unexpected(format!("{tool} printed more than {STDOUT_LIMIT_BYTES} bytes")));
    }
    Ok(Printed { stdout, stderr })
}

fn restrict(id: Pid, limits: Limits) {
    let bound = |value: u64| Rlimit { current: Some(value), maximum: Some(value) };
    // Where a limit is already lower, the lower one stays: that is no error.
    for (resource, value) in [
        (Resource::Cpu, limits.cpu.as_secs().max(1)),
        (Resource::As, limits.memory_bytes),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Core, 0),
    ] {
        let _ = rustix::process::prlimit(Some(id), resource, bound(value));
    }
}

async fn collect(child: &mut Child) -> std::io::Result<(Vec<u8>, Vec<u8>, std::process::ExitStatus)> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let read_stdout = async {
        let mut kept = Vec::new();
        if let Some(pipe) = stdout {
            pipe.take(STDOUT_LIMIT_BYTES as u64).read_to_end(&mut kept).await?;
        }
        std::io::Result::Ok(kept)
    };
    let (stdout, stderr) = tokio::try_join!(read_stdout, read_end(stderr))?;
    Ok((stdout, stderr, child.wait().await?))
}

/// Reads everything, keeps the end.
async fn read_end(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else { return Ok(kept) };
    let mut buffer = vec![0u8; 8 << 10];
    loop {
        let count = pipe.read(&mut buffer).await?;
        if count == 0 {
            return Ok(kept);
        }
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * STDERR_KEPT_BYTES {
            kept.drain(..kept.len() - STDERR_KEPT_BYTES);
        }
    }
}

/// A presigned URL is a credential: it must not reach a log or the studio.
fn redact(text: &str, input: Option<&Input>) -> String {
    match input {
        Some(Input::Url(url)) => text.replace(url.as_str(), "source"),
        Some(Input::File(path)) => text.replace(&*path.to_string_lossy(), "source"),
        None => text.to_owned(),
    }
}

fn end_of(text: &str) -> String {
    let text = text.trim();
    let skipped = text.chars().count().saturating_sub(DETAIL_CHARS);
    text.chars().skip(skipped).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn limits(wall: Duration) -> Limits {
        Limits { wall, ..Limits::PROBE }
    }

    #[tokio::test]
    async fn a_run_that_takes_too_long_is_killed_with_its_children() {
        let started = Instant::now();
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("late");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "(sleep 2; : > \"$0\") & sleep 60"]).arg(&mark);
        let result = run("ffmpeg", command, None, limits(Duration::from_millis(300))).await;
        assert!(matches!(result, Err(MediaError::TimeUp { .. })));
        assert!(started.elapsed() < Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert!(!mark.exists(), "a grandchild went on");
    }

    #[tokio::test]
    async fn the_environment_is_empty_and_the_url_stays_secret() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo \"home=$HOME\"; echo 'http://host/key?sig=secret: bad' >&2; exit 3"]);
        let input = Input::Url("http://host/key?sig=secret".into());
        let Err(error) = run("ffmpeg", command, Some(&input), limits(Duration::from_secs(5))).await else {
            panic!("exit 3 is an error")
        };
        assert_eq!(error.to_string(), "ffmpeg failed (exit status: 3): source: bad");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo \"home=$HOME\""]);
        let printed = run("ffmpeg", command, None, limits(Duration::from_secs(5))).await.ok().unwrap();
        assert_eq!(printed.stdout, b"home=\n");
    }

    #[test]
    fn only_the_right_protocols_are_open() {
        let tools = Tools::in_folder(Path::new("/t")).with_ca_file("/roots.pem");
        let joined = |input: &Input| {
            let arguments = tools.open(input, Container::Mov);
            arguments.iter().map(|part| part.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        let https = joined(&Input::Url("https://bucket/key".into()));
        assert!(https.starts_with("-format_whitelist mov -protocol_whitelist https,tls,tcp "));
        assert!(https.contains("-tls_verify 1 -ca_file /roots.pem") && https.ends_with("-i https://bucket/key"));
        assert!(joined(&Input::Url("http://localhost/key".into())).contains("-protocol_whitelist http,tcp "));
        assert!(joined(&Input::File("/w/a.mp4".into())).contains("-protocol_whitelist file "));
    }
}
