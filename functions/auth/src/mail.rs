//! Mails with secrets or with personal content: a job of the queue `email`, written in the transaction of what it tells of, never on a stream.

use events::Message;
use kernel::{Locale, MessageId, World};
use serde_json::{Value, json};

use crate::email::Email;

/// The queue of notification-send-email.
pub(crate) const QUEUE: &str = "email";

/// A mail to `to`; the templates and their variables belong to the notification service.
pub(crate) fn mail(world: &World, template: &str, to: &Email, locale: &Locale, variables: Value) -> Message {
    let id: MessageId = world.id();
    let body =
        json!({ "message_id": id, "template": template, "to": to.as_str(), "locale": locale, "variables": variables });
    Message::message(QUEUE, id, body)
}
