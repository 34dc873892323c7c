//! `cargo cinema seed`: demo accounts and films, and as many made-up titles as are wanted, by the ways that people take; and what made-up viewers
//! have watched, by the way that the streaming service takes.

use std::path::Path;

use anyhow::{Context, Result};
use engines::{mirror, progress::Progress};
use futures::TryStreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    accounts::ACCOUNTS,
    client::Cinema,
    films, made_up, plans,
    platform::Platform,
    studio,
    viewers::{self, Crowd},
};

/// What to make besides the demo.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Made-up series as well, until there are so many; an interrupted run goes on where it was
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    titles: Option<u32>,
    /// What so many made-up accounts have watched, for analytics and recommendations
    ///
    /// Goes onto the stream of the playback events as the streaming service would have told it, about six events for an account and a day, with
    /// tastes, evenings, series in order, people who leave early, and stalls. The accounts exist nowhere else: nobody signs in, rates or lists
    /// anything for them, and only `cargo cinema down --wipe` takes them away. Together with --titles there is enough to choose from: titles come
    /// first. Whatever was interrupted is run again: the same seed and catalogue tell the same events of the same moments, and they count once.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    viewers: Option<u32>,
    /// How many days back from now the made-up accounts have watched
    #[arg(long, value_name = "NUMBER", requires = "viewers", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// Other numbers are other accounts, which watch other titles
    #[arg(long, value_name = "NUMBER", requires = "viewers", default_value_t = 1)]
    seed: u64,
}

/// How much to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// What a newcomer wants to see.
    Demo,
    /// What tests need: two short films.
    Test,
}

/// Films that are on their way at the same time.
const AT_ONCE: usize = 2;

const TITLES: &str = include_str!("../../seed/titles.json");

/// A title, with the recipe of its picture.
#[derive(Deserialize)]
struct Entry {
    film: String,
    rating: u8,
    #[serde(default)]
    test: bool,
    title: Value,
}

pub(super) async fn run(platform: &Platform, size: Size, progress: &Progress) -> Result<()> {
    progress.say("Demo");
    let cinema = Cinema::new(&platform.url())?;
    let aws_url = &platform.target.endpoints.aws;
    let task = progress.task("accounts");
    let [viewer, editor] = ACCOUNTS;
    let editor = cinema.ensure_account(aws_url, editor.email, editor.password, "en").await?;
    let viewer = cinema.ensure_account(aws_url, viewer.email, viewer.password, "en").await?;
    task.done("viewer, editor");
    let task = progress.task("plans");
    plans::offer(&editor).await?;
    for account in [&editor, &viewer] {
        plans::buy(account).await?;
    }
    task.done("offered and bought");
    kids_profile(&viewer).await?;
    titles(platform, &editor, size, progress).await?;
    if size == Size::Demo {
        mirror(&platform.home, &platform.target.endpoints).await?;
    }
    Ok(())
}

/// The demo, and what was asked for besides.
pub(super) async fn run_with(platform: &Platform, arguments: Arguments, progress: &Progress) -> Result<()> {
    run(platform, Size::Demo, progress).await?;
    if let Some(count) = arguments.titles {
        let [_, editor] = ACCOUNTS;
        let editor = Cinema::new(&platform.url())?.sign_in(editor.email, editor.password).await?;
        made_up::fill(&platform.home, &editor, usize::try_from(count)?, progress).await?;
    }
    if let Some(accounts) = arguments.viewers {
        let crowd = Crowd { accounts, days: arguments.days, seed: arguments.seed };
        viewers::simulate(platform, crowd, progress).await?;
    }
    Ok(())
}

async fn kids_profile(viewer: &Cinema) -> Result<()> {
    let profiles = viewer.get("/v1/users/me/profiles").await?;
    let list = profiles["items"].as_array().or(profiles.as_array());
    let has_kids = list.is_some_and(|list| list.iter().any(|profile| profile["name"] == "Kids"));
    if !has_kids {
        viewer.post_once("/v1/users/me/profiles", &json!({ "name": "Kids", "max_rating": 6 }), "seed-kids").await?;
    }
    Ok(())
}

async fn titles(platform: &Platform, editor: &Cinema, size: Size, progress: &Progress) -> Result<()> {
    let entries: Vec<Entry> = serde_json::from_str(TITLES).context("seed/titles.json")?;
    // Made-up titles are series, and may be many.
    let listed = editor.get("/v1/titles?type=film&limit=100").await?;
    let published: Vec<&str> =
        listed["items"].as_array().into_iter().flatten().filter_map(|title| title["slug"].as_str()).collect();
    let folder = &platform.home.cache().join("films");
    let wanted = entries.iter().filter(|entry| size == Size::Demo || entry.test);
    let missing = wanted.filter(|entry| !published.iter().any(|slug| entry.title["slug"] == *slug));
    // One is drawn while another is encoded.
    let films = futures::stream::iter(missing.map(Ok)).try_for_each_concurrent(AT_ONCE, |entry| async move {
        let slug = entry.title["slug"].as_str().context("a seed title has no slug")?;
        let source = films::make(&platform.home, folder, &entry.film, size == Size::Test, progress).await?;
        one(editor, entry, slug, &source, progress).await.with_context(|| format!("the film {slug}"))
    });
    films.await
}

async fn one(editor: &Cinema, entry: &Entry, slug: &str, source: &Path, progress: &Progress) -> Result<()> {
    // The same key after an interrupted run gives the same title.
    let title = editor.post_once("/v1/admin/titles", &entry.title, &format!("seed-{slug}")).await?;
    let id = title["id"].as_str().context("the new title has no id")?;
    studio::film(editor, id, source, progress).await?;
    studio::publish(editor, id, entry.rating).await?;
    plans::price(editor, id).await
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Arguments;

    #[derive(Parser)]
    struct Seed {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn days_and_seed_are_those_of_viewers() {
        let read = |line: &str| Seed::try_parse_from(line.split(' ')).map(|seed| seed.arguments);
        let Ok(Arguments { titles, viewers, days, seed }) = read("seed --viewers 1000") else { panic!("is refused") };
        assert_eq!((titles, viewers, days, seed), (None, Some(1_000), 30, 1));
        for wrong in ["seed --days 3", "seed --seed 3", "seed --viewers 0", "seed --viewers 1 --days 366"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("seed --titles 20 --viewers 1 --days 365 --seed 7").is_ok());
        assert!(read("seed").is_ok_and(|arguments| arguments.viewers.is_none()));
    }
}
