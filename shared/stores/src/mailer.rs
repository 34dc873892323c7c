//! Mail through SES (v1 `SendRawEmail`).

use aws_sdk_ses::{Client, primitives::Blob, types::RawMessage};

use crate::{Aws, StoreError};

/// Sends complete MIME messages.
#[derive(Clone)]
pub struct Mailer {
    client: Client,
    /// The sender's address.
    pub from: String,
}

impl Mailer {
    /// Without I/O.
    pub fn new(aws: &Aws, from: String) -> Self {
        Self { client: Client::new(aws.config()), from }
    }

    /// Sends one message to one address; returns the provider's message id.
    pub async fn send(&self, to: &str, mime: Vec<u8>) -> Result<String, StoreError> {
        let message =
            RawMessage::builder().data(Blob::new(mime)).build().map_err(|error| StoreError::new("ses", error))?;
        let request = self.client.send_raw_email().source(&self.from).destinations(to).raw_message(message);
        let sent = request.send().await.map_err(|error| StoreError::new("ses", error))?;
        Ok(sent.message_id().to_owned())
    }

    /// Asks for nothing: opens the connection.
    pub async fn warm(&self) {
        let _ = self.client.get_send_quota().send().await;
    }
}
