//! `cargo cinema upload FILE --title "…"`: the studio's path from a terminal.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use engines::{mirror, progress::Progress};
use kernel::{Locale, VisibleLine};
use serde_json::json;
use tokio::process::Command;

use crate::{accounts::ACCOUNTS, client::Cinema, output, platform::Platform, studio};

/// As long as the catalogue takes.
type Title = VisibleLine<200>;

/// What to upload as what.
#[derive(clap::Args, Clone)]
pub(super) struct Arguments {
    /// The film
    file: PathBuf,
    /// Its name
    #[arg(long)]
    title: String,
    /// Age rating, 0 to 18
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=18))]
    rating: u8,
    /// Language of the name
    #[arg(long, default_value = "en")]
    locale: String,
    /// Leave it as a draft
    #[arg(long)]
    draft: bool,
}

impl Arguments {
    /// What can be said before anything is started or made.
    pub(super) fn check(&self) -> Result<()> {
        let file = self.file.display();
        let metadata = std::fs::metadata(&self.file).with_context(|| format!("{file} cannot be read"))?;
        ensure!(metadata.is_file(), "{file} is not a file");
        ensure!(metadata.len() > 0, "{file} is empty");
        std::fs::File::open(&self.file).with_context(|| format!("{file} cannot be read"))?;
        Title::new(&self.title).context("--title")?;
        self.locale.parse::<Locale>().context("--locale")?;
        Ok(())
    }
}

/// Asks ffprobe: what holds no picture becomes no title.
async fn check_picture(ffmpeg: &Path, file: &Path) -> Result<()> {
    // A name that begins with a dash is no option.
    let mut source = OsString::from("file:");
    source.push(file);
    let output = Command::new(ffmpeg.join("ffprobe"))
        .args(["-v", "error", "-select_streams", "v", "-show_entries", "stream=codec_name", "-of", "csv=p=0"])
        .arg(source)
        .output()
        .await
        .context("ffprobe cannot be started")?;
    let reason = String::from_utf8_lossy(&output.stderr);
    let reason = reason.lines().last().unwrap_or_default();
    ensure!(output.status.success(), "{} is no film: {reason}", file.display());
    ensure!(!output.stdout.trim_ascii().is_empty(), "{} has no picture", file.display());
    Ok(())
}

pub(super) async fn run(platform: &Platform, arguments: Arguments, progress: &Progress) -> Result<()> {
    check_picture(&platform.home.ffmpeg_dir(), &arguments.file).await?;
    let editor = ACCOUNTS.iter().find(|account| account.role == "editor").context("no editor")?;
    let cinema = Cinema::new(&platform.url())?;
    let cinema = cinema
        .sign_in(editor.email, editor.password)
        .await
        .context("sign in as the demo editor (`cargo cinema seed`)")?;
    let title = json!({
        "kind": "film",
        "original_title": arguments.title,
        "localisations": { arguments.locale.clone(): { "name": arguments.title } },
    });
    let title = cinema.post("/v1/admin/titles", &title).await?;
    let id = title["id"].as_str().context("the new title has no id")?.to_owned();
    let uploaded = studio::film(&cinema, &id, &arguments.file, progress).await;
    uploaded.with_context(|| format!("{id} stays a draft"))?;
    if !arguments.draft {
        studio::publish(&cinema, &id, arguments.rating).await?;
    }
    mirror(&platform.home, &platform.target.endpoints).await?;
    output::line(format_args!("{id}  {}/#/titles/{id}", platform.url()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(file: &Path, title: &str, locale: &str) -> Arguments {
        let (title, locale) = (title.to_owned(), locale.to_owned());
        Arguments { file: file.to_owned(), title, rating: 0, locale, draft: false }
    }

    #[test]
    fn what_cannot_become_a_film_is_refused_before_anything_is_made() {
        let film = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/upload.rs");
        arguments(&film, "A film", "en").check().unwrap();
        let refused = |file: &Path, title, locale| arguments(file, title, locale).check().unwrap_err().to_string();
        assert!(refused(&film.with_extension("mpg"), "A film", "en").contains("cannot be read"));
        assert!(refused(film.parent().unwrap(), "A film", "en").contains("not a file"));
        assert_eq!(refused(&film, "\u{200b}", "en"), "--title");
        assert_eq!(refused(&film, "A film", "English, please"), "--locale");
    }
}
