//! Mail through SES (v1 `SendRawEmail`).

use aws_sdk_ses::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::RawMessage,
};

use crate::Aws;

/// A mail was not taken. Names the reason only: the provider's own text repeats addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ses: {reason}")]
pub struct MailError {
    /// The provider's code, or what kept the request from it.
    pub reason: String,
    /// No retry helps.
    pub is_permanent: bool,
}

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
    pub async fn send(&self, to: &str, mime: Vec<u8>) -> Result<String, MailError> {
        let unusable = |reason: &str| MailError { reason: reason.to_owned(), is_permanent: true };
        let message = RawMessage::builder().data(Blob::new(mime)).build().map_err(|_| unusable("no message"))?;
        let request = self.client.send_raw_email().source(&self.from).destinations(to).raw_message(message);
        let sent = request.send().await.map_err(|error| match &error {
            SdkError::ServiceError(refusal) => {
                let (code, text) =
                    (refusal.err().code().unwrap_or("unknown"), refusal.err().message().unwrap_or_default());
                MailError { reason: code.to_owned(), is_permanent: is_permanent(code, text) }
            }
            SdkError::TimeoutError(_) => MailError { reason: "no answer in time".to_owned(), is_permanent: false },
            _ => MailError { reason: "unreachable".to_owned(), is_permanent: false },
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
