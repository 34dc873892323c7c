//! What SES tells of mails that were sent, in the form in which EventBridge passes it on:
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-eventbridge.html>. Members that nobody here reads may come and go.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kernel::MessageId;
use runtime::{FromSecret, Vars};
use serde::Deserialize;
use utoipa::ToSchema;

/// An event about one mail.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EmailEvent {
    detail: Detail,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Detail {
    /// `Send`, `Delivery`, `Bounce`, `Complaint`…
    event_type: String,
    mail: SentMail,
    /// Of a bounce.
    bounce: Option<Bounce>,
    /// Of a complaint.
    complaint: Option<Complaint>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SentMail {
    #[serde(default)]
    common_headers: CommonHeaders,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
struct CommonHeaders {
    /// As it was sent.
    message_id: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    /// `Permanent`, `Transient` or `Undetermined`.
    bounce_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Recipient>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

/// Why an address gets no more mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppression {
    /// There is no such mailbox.
    Bounce,
    /// Its owner called a mail spam.
    Complaint,
}

impl Suppression {
    /// The word of the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
        }
    }
}

impl EmailEvent {
    /// The mail that it is about, where it is one of ours: that it exists proves that the provider took it.
    pub fn message(&self) -> Option<MessageId> {
        let id = self.detail.mail.common_headers.message_id.trim_matches(['<', '>']);
        id.split_once('@').map_or(id, |(id, _)| id).parse().ok()
    }

    /// Which addresses get no more mail because of it. A mailbox that is full, or a server that is down, passes.
    pub fn suppressed(&self) -> (Option<Suppression>, Vec<&str>) {
        let (reason, recipients) = match (&*self.detail.event_type, &self.detail.bounce, &self.detail.complaint) {
            ("Bounce", Some(bounce), _) if bounce.bounce_type == "Permanent" => {
                (Suppression::Bounce, &bounce.bounced_recipients)
            }
            ("Complaint", _, Some(complaint)) => (Suppression::Complaint, &complaint.complained_recipients),
            _ => return (None, Vec::new()),
        };
        (Some(reason), recipients.iter().map(|recipient| plain(&recipient.email_address)).collect())
    }
}

/// The address of `Name <address>`.
fn plain(address: &str) -> &str {
    match address.rsplit_once('<') {
        Some((_, address)) => address.trim_end_matches('>'),
        None => address,
    }
}

/// What whoever reports must know: EventBridge sends it as the key of its connection.
pub struct EmailEventsKey([u8; 32]);

impl FromSecret for EmailEventsKey {
    const SECRET: &'static str = "email-events-key";

    fn from_secret(bytes: &[u8], _: &Vars) -> Result<Self, String> {
        Ok(Self(kernel::sha256(BASE64_STANDARD.encode(bytes))))
    }
}

impl EmailEventsKey {
    /// Whether `given` is the secret, in base64 as it is kept. Digests are compared: the time says nothing about how far the two agree.
    pub fn is(&self, given: &[u8]) -> bool {
        self.0 == kernel::sha256(given)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(detail: Value) -> EmailEvent {
        serde_json::from_value(json!({ "detail-type": "Email", "source": "aws.ses", "detail": detail })).unwrap()
    }

    fn bounce(kind: &str) -> EmailEvent {
        event(json!({
            "eventType": "Bounce",
            "mail": { "messageId": "0100", "commonHeaders": { "messageId": "<msg_01jd3k5m7n9pqrstvwxyz01234@example.com>" } },
            "bounce": { "bounceType": kind, "bouncedRecipients": [{ "emailAddress": "Anna <a@example.com>" }, { "emailAddress": "b@example.com" }] }
        }))
    }

    #[test]
    fn only_what_will_not_pass_suppresses() {
        let both = vec!["a@example.com", "b@example.com"];
        assert_eq!(bounce("Permanent").suppressed(), (Some(Suppression::Bounce), both));
        for passing in ["Transient", "Undetermined", ""] {
            assert_eq!(bounce(passing).suppressed(), (None, vec![]));
        }
        let complaint = json!({ "eventType": "Complaint", "mail": {}, "complaint": { "complainedRecipients": [{ "emailAddress": "a@example.com" }] } });
        assert_eq!(event(complaint).suppressed(), (Some(Suppression::Complaint), vec!["a@example.com"]));
        let hollow = json!({ "eventType": "Bounce", "mail": {} });
        assert_eq!(event(hollow).suppressed(), (None, vec![]));
    }

    #[test]
    fn a_mail_is_known_by_the_id_that_it_was_sent_with() {
        assert_eq!(bounce("Permanent").message(), "msg_01jd3k5m7n9pqrstvwxyz01234".parse().ok());
        for other in ["", "<1@amazonses.com>", "msg_", "<>"] {
            let detail = json!({ "eventType": "Send", "mail": { "commonHeaders": { "messageId": other } } });
            assert_eq!(event(detail).message(), None, "{other}");
        }
    }

    #[test]
    fn only_the_whole_secret_is_the_secret() {
        let key = EmailEventsKey::from_secret(&[7; 32], &Vars::default()).unwrap();
        let secret = BASE64_STANDARD.encode([7; 32]);
        assert!(key.is(secret.as_bytes()));
        for wrong in ["", "Bw", &secret[1..], &secret.to_uppercase(), &format!("{secret} ")] {
            assert!(!key.is(wrong.as_bytes()), "{wrong}");
        }
    }
}
