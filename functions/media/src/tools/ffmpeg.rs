//! ffmpeg and ffprobe, which open only whitelisted formats by whitelisted protocols.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::tools::{
    container::Container,
    error::MediaError,
    input::Input,
    limits::Limits,
    process::{Printed, run},
};

/// The two programs.
#[derive(Clone, Debug)]
pub struct Tools {
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
    ca_file: Option<PathBuf>,
}

impl Tools {
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

#[cfg(test)]
mod tests {
    use super::*;

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
