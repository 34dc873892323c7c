//! The demo accounts and their plan.

use anyhow::{Context, Result, bail};
use engines::aws;
use events::Event;
use kernel::World;
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::client::Cinema;

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
    let subscription: kernel::SubscriptionId = world.id();
    let state = proto::payment::SubscriptionChanged {
        account_id: id.to_owned(),
        subscription_id: subscription.to_string(),
        status: "active".to_owned(),
        plan: "standard".to_owned(),
        max_streams: 2,
        max_height: 1080,
        valid_to: text(year)?,
        grace_to: text(year + Duration::days(3))?,
        amount: 999,
        tax: 160,
        currency: "EUR".to_owned(),
        period: "year".to_owned(),
        ..Default::default()
    };
    let event = Event::new(&world, proto::types::SUBSCRIPTION_CHANGED, subscription, 1, &state);
    let kinesis = aws_sdk_kinesis::Client::new(&aws::config(aws_url));
    let data = aws_sdk_kinesis::primitives::Blob::new(event.json());
    kinesis
        .put_record()
        .stream_name("domain-events")
        .partition_key(subscription.to_string())
        .data(data)
        .send()
        .await
        .context("the plan")?;
    for _ in 0..120 {
        let held = account.get("/v1/users/me/entitlements").await?;
        if held["plan"] == "standard" {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    bail!("the plan does not arrive; see `cargo cinema logs user-project-subscriptions`")
}
