//! A run of a tool: an empty environment, limits, and no process that outlives it.

use std::process::Stdio;

use rustix::process::{Pid, Resource, Rlimit, Signal};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
};

use crate::tools::{error::MediaError, input::Input, limits::Limits};

/// More than this on stdout is not an answer to anything that was asked.
const STDOUT_LIMIT_BYTES: usize = 256 << 20;
/// A damaged file makes ffmpeg complain once per packet: only the end is kept.
const STDERR_KEPT_BYTES: usize = 16 << 10;
/// Of which this much goes into an error.
const DETAIL_CHARS: usize = 600;

/// What a run printed.
pub(crate) struct Printed {
    pub stdout: Vec<u8>,
    pub stderr: String,
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

/// Runs a tool to its end. What it prints names the input `source`.
pub(crate) async fn run(
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
}
