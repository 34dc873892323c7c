//! The sender of outgoing mail has to be verified once.

use anyhow::{Context, Result};
use aws_sdk_ses::types::IdentityType;

use super::clients::Clients;
use crate::stack::Stack;

pub(super) async fn deploy(clients: &Clients, stack: &Stack) -> Result<usize> {
    let sender = stack.settings.sender_address();
    let list = clients.ses.list_identities().identity_type(IdentityType::EmailAddress);
    let known = list.send().await.context("listing mail identities")?;
    if known.identities().iter().any(|identity| identity == sender) {
        return Ok(0);
    }
    let verify = clients.ses.verify_email_identity().email_address(sender);
    verify.send().await.with_context(|| format!("verifying {sender}"))?;
    Ok(1)
}
