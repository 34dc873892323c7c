//! Mail through SES (v1 `SendRawEmail`).

use aws_sdk_ses::{
    Client, config,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::RawMessage,
};
use aws_smithy_types::retry::RetryConfig;

use crate::Aws;

/// A mail was not taken. Names the reason only: the provider's own text repeats addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ses: {reason}")]
pub struct MailError {
    /// The provider's code, or what kept the request from it.
    pub reason: String,
    /// No retry helps.
    pub is_permanent: bool,
    /// Nobody knows whether the provider took it: the answer is missing, not the question.
    pub is_unknown: bool,
}

impl MailError {
    fn refused(reason: &str, is_permanent: bool) -> Self {
        Self { reason: reason.to_owned(), is_permanent, is_unknown: false }
    }

    fn unanswered(reason: &str, is_unknown: bool) -> Self {
        Self { reason: reason.to_owned(), is_permanent: false, is_unknown }
    }
}

/// Sends complete MIME messages.
#[derive(Clone)]
pub struct Mailer {
    client: Client,
    /// The sender's address.
    pub from: String,
}

impl Mailer {
    /// Without I/O. The client repeats nothing by itself: SES knows no idempotency, so that a repetition may be a second mail.
    pub fn new(aws: &Aws, from: String) -> Self {
        let config = config::Builder::from(aws.config()).retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), from }
    }

    /// Sends one message to one address; returns the provider's message id.
    pub async fn send(&self, to: &str, mime: Vec<u8>) -> Result<String, MailError> {
        let message = RawMessage::builder().data(Blob::new(mime)).build();
        let message = message.map_err(|_| MailError::refused("no message", true))?;
        let request = self.client.send_raw_email().source(&self.from).destinations(to).raw_message(message);
        let sent = request.send().await.map_err(|error| match &error {
            SdkError::ServiceError(refusal) => {
                let (code, text) =
                    (refusal.err().code().unwrap_or("unknown"), refusal.err().message().unwrap_or_default());
                MailError::refused(code, is_permanent(code, text))
            }
            SdkError::TimeoutError(_) => MailError::unanswered("no answer in time", true),
            SdkError::ConstructionFailure(_) => MailError::refused("no request", true),
            other => MailError::unanswered("unreachable", !transport::is_unconnected(other)),
        })?;
        Ok(sent.message_id().to_owned())
    }

    /// Asks for nothing: opens the connection.
    pub async fn warm(&self) {
        let _ = self.client.get_send_quota().send().await;
    }
}

/// The message itself is at fault. A sender that is not verified is a mistake in the configuration, and passes.
fn is_permanent(code: &str, text: &str) -> bool {
    match code {
        // SES says the first, emulators the second.
        "MessageRejected" => !text.contains("not verified") && !text.contains("not have authority"),
        "InvalidParameterValue" | "InvalidParameterValueException" | "ValidationError" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_faults_of_the_message_are_permanent() {
        assert!(is_permanent("MessageRejected", "Address blacklisted."));
        assert!(is_permanent("InvalidParameterValue", "Missing final '@domain'"));
        assert!(!is_permanent("MessageRejected", "Email address is not verified. The following identities failed"));
        assert!(!is_permanent("MessageRejected", "Did not have authority to send from email a@example.com"));
        assert!(!is_permanent("Throttling", "Maximum sending rate exceeded."));
        assert!(!is_permanent("AccountSendingPausedException", ""));
    }
}
