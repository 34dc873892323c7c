//! `cargo cinema seed`: demo accounts and films, by the ways that people take.

use std::path::Path;

use anyhow::{Context, Result};
use events::Event;
use futures::TryStreamExt as _;
use kernel::World;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::upload;
use crate::{
    api::{self, cinema::Cinema},
    engines::mirror,
    films,
    platform::Platform,
    progress::Progress,
};

/// How much to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// What a newcomer wants to see.
    Demo,
    /// What tests need: two short films.
    Test,
}

/// A demo account.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DemoAccount {
    /// `viewer` or `editor`.
    pub role: &'static str,
    /// Address.
    pub email: &'static str,
    /// Password.
    pub password: &'static str,
}

/// The demo accounts; the editor is the platform's first administrator.
pub const ACCOUNTS: [DemoAccount; 2] = [
    DemoAccount { role: "viewer", email: "viewer@example.com", password: "enough popcorn for two" },
    DemoAccount { role: "editor", email: "editor@example.com", password: "final cut, final final cut" },
];

/// Films that are on their way at the same time.
const AT_ONCE: usize = 2;

/// The titles, with the recipe of their picture.
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
    let aws_url = &platform.stack.endpoints.aws;
    let task = progress.task("accounts");
    let [viewer, editor] = ACCOUNTS;
    let editor = cinema.ensure_account(aws_url, editor.email, editor.password, "en").await?;
    let viewer = cinema.ensure_account(aws_url, viewer.email, viewer.password, "en").await?;
    task.done("viewer, editor");
    for account in [&editor, &viewer] {
        grant_plan(aws_url, account).await?;
    }
    kids_profile(&viewer).await?;
    titles(platform, &editor, size, progress).await?;
    if size == Size::Demo {
        mirror(&platform.home, &platform.stack.endpoints).await?;
    }
    Ok(())
}

/// Gives an account the plan `standard` through the event that billing will send.
pub async fn grant_plan(aws_url: &str, account: &Cinema) -> Result<()> {
    let entitlements = account.get("/v1/users/me/entitlements").await;
    if entitlements.is_ok_and(|held| held["plan"].as_str().is_some_and(|plan| !plan.is_empty())) {
        return Ok(());
    }
    let world = World::system();
    let claims = account.claims()?;
    let id = claims["sub"].as_str().context("the token names no account")?;
    let year = world.now() + Duration::days(365);
    let text = |time: OffsetDateTime| time.format(&time::format_description::well_known::Rfc3339);
    let state = proto::payment::SubscriptionChanged {
        account_id: id.to_owned(),
        subscription_id: world.id::<kernel::SubscriptionId>().to_string(),
        status: "active".to_owned(),
        plan: "standard".to_owned(),
        max_streams: 2,
        max_height: 1080,
        valid_to: text(year)?,
        grace_to: text(year + Duration::days(3))?,
    };
    let event = Event::new(&world, proto::types::SUBSCRIPTION_CHANGED, id, 1, &state);
    let kinesis = aws_sdk_kinesis::Client::new(&api::aws(aws_url));
    let data = aws_sdk_kinesis::primitives::Blob::new(event.json());
    kinesis.put_record().stream_name("domain-events").partition_key(id).data(data).send().await.context("the plan")?;
    for _ in 0..120 {
        let held = account.get("/v1/users/me/entitlements").await?;
        if held["plan"] == "standard" {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    anyhow::bail!("the plan does not arrive; see `cargo cinema logs user-project-subscriptions`")
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
    let file = platform.root.join("localstack/seed/titles.json");
    let entries: Vec<Entry> =
        serde_json::from_slice(&std::fs::read(&file)?).with_context(|| format!("{}", file.display()))?;
    let listed = editor.get("/v1/titles?limit=100").await?;
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
    upload::film(editor, id, source, progress).await?;
    upload::publish(editor, id, entry.rating).await
}
