//! `cargo cinema mail`

use anyhow::Result;
use engines::Home;

use crate::{output, platform};

pub(super) async fn run(home: &Home, address: Option<&str>) -> Result<()> {
    let endpoints = platform::endpoints(home)?;
    let mails = edge::mails(&edge::http_client()?, &endpoints.aws, address.unwrap_or_default()).await?;
    if mails.is_empty() {
        output::line(format_args!("no mail{}", address.map(|address| format!(" to {address}")).unwrap_or_default()))?;
    }
    for mail in mails {
        output::line(format_args!("{}  to {}\n{}\n", mail.sent_at, mail.to, mail.subject))?;
        output::line(format_args!("{}\n{}", mail.text.trim_end(), "─".repeat(60)))?;
    }
    Ok(())
}
