//! `cargo cinema upload FILE --title "…"`: the studio's path from a terminal.

use std::path::PathBuf;

use anyhow::{Context, Result};
use engines::{mirror, progress::Progress};
use serde_json::json;

use crate::{accounts::ACCOUNTS, client::Cinema, platform::Platform, studio};

/// What to upload as what.
#[derive(clap::Args, Clone)]
pub(super) struct Arguments {
    /// The film
    file: PathBuf,
    /// Its name
    #[arg(long)]
    title: String,
    /// Age rating, 0 to 18
    #[arg(long, default_value_t = 0)]
    rating: u8,
    /// Language of the name
    #[arg(long, default_value = "en")]
    locale: String,
    /// Leave it as a draft
    #[arg(long)]
    draft: bool,
}

pub(super) async fn run(platform: &Platform, arguments: Arguments, progress: &Progress) -> Result<()> {
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
    studio::film(&cinema, &id, &arguments.file, progress).await?;
    if !arguments.draft {
        studio::publish(&cinema, &id, arguments.rating).await?;
    }
    mirror(&platform.home, &platform.target.endpoints).await?;
    println!("{id}  {}/#/titles/{id}", platform.url());
    Ok(())
}
