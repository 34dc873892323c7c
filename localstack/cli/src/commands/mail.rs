//! `cargo cinema mail`

use anyhow::Result;
use engines::Home;

use crate::platform;

pub(super) async fn run(home: &Home, address: Option<&str>) -> Result<()> {
    let endpoints = platform::endpoints(home)?;
    let mails = edge::mails(&edge::http_client()?, &endpoints.aws, address.unwrap_or_default()).await?;
    if mails.is_empty() {
        println!("no mail{}", address.map(|address| format!(" to {address}")).unwrap_or_default());
    }
    for mail in mails {
        println!("{}  to {}\n{}\n\n{}\n{}", mail.sent_at, mail.to, mail.subject, mail.text.trim_end(), "─".repeat(60));
    }
    Ok(())
}
