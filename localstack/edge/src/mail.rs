//! The mails that the emulator's SES keeps.

use anyhow::{Context, Result};
use serde::Deserialize;

/// One mail that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Recipients.
    pub to: String,
    /// Decoded.
    pub subject: String,
    /// The text part, decoded.
    pub text: String,
    /// As the emulator writes it.
    pub sent_at: String,
}

#[derive(Deserialize)]
struct Sent {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    timestamp: Option<String>,
    #[serde(default)]
    raw_data: String,
}

/// Mails to an address (all for an empty one), newest first.
pub async fn list(client: &reqwest::Client, aws_url: &str, address: &str) -> Result<Vec<Mail>> {
    let response = client.get(format!("{aws_url}/_aws/ses")).send().await?.error_for_status()?;
    let sent: Sent = response.json().await.context("the emulator's list of mails")?;
    let mut mails: Vec<Mail> = sent.messages.into_iter().map(read).collect();
    mails.retain(|mail| address.is_empty() || mail.to.to_lowercase().contains(&address.to_lowercase()));
    mails.sort_by(|a, b| b.sent_at.cmp(&a.sent_at));
    Ok(mails)
}

fn read(message: Message) -> Mail {
    let parsed = mail_parser::MessageParser::default().parse(message.raw_data.as_bytes());
    let (mut to, mut subject, mut text) = (String::new(), String::new(), String::new());
    if let Some(mail) = &parsed {
        let addresses = mail.to().into_iter().flat_map(|to| to.iter());
        to = addresses.filter_map(|address| address.address()).collect::<Vec<_>>().join(", ");
        subject = mail.subject().unwrap_or_default().to_owned();
        text = mail.body_text(0).unwrap_or_default().into_owned();
    }
    Mail { to, subject, text, sent_at: message.timestamp.unwrap_or_default() }
}
