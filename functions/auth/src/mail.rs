//! Mails with secrets or with personal content: messages of the queue `email`, written in the transaction of what they tell of, never on a
//! stream.

use events::Message;
use kernel::{Locale, MessageId, World};
use proto::mail::{Mail, Template};

use crate::email::Email;

/// The queue of notification-send-email.
pub(crate) const QUEUE: &str = "email";

/// A mail to `to`; its text belongs to the notification service.
pub(crate) fn mail(world: &World, to: &Email, locale: &Locale, template: impl Into<Template>) -> Message {
    let id: MessageId = world.id();
    let mail = Mail::new(id, to.as_str(), locale, template);
    Message::to_queue(QUEUE, id, serde_json::to_value(mail).unwrap_or_default())
}
