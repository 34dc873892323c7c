//! The sender of outgoing mail has to be verified once.

use anyhow::{Context, Result};
use aws_sdk_ses::types::IdentityType;

use crate::clients::Clients;
use crate::target::Target;

pub(crate) async fn deploy(clients: &Clients, target: &Target) -> Result<usize> {
    let sender = target.settings.sender_address();
    let list = clients.ses.list_identities().identity_type(IdentityType::EmailAddress);
    let known = list.send().await.context("listing mail identities")?;
    if known.identities().iter().any(|identity| identity == sender) {
        return Ok(0);
    }
    let verify = clients.ses.verify_email_identity().email_address(sender);
    verify.send().await.with_context(|| format!("verifying {sender}"))?;
    Ok(1)
}
