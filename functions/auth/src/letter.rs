//! Mails with secrets or with personal content: a job of the queue `email`, written in the transaction of what it tells of, never on a stream.

use events::{Letter, Outbox};
use kernel::{Locale, MessageId, World};
use runtime::{Boot, BootError};
use serde_json::{Value, json};

use crate::email::Email;

/// The queue of notification-send-email.
const MAIL_QUEUE: &str = "email";

/// A mail to `to`; the templates and their variables belong to the notification service.
pub fn letter(world: &World, template: &str, to: &Email, locale: &Locale, variables: Value) -> Letter {
    let id: MessageId = world.id();
    let body =
        json!({ "message_id": id, "template": template, "to": to.as_str(), "locale": locale, "variables": variables });
    Letter::message(MAIL_QUEUE, id, body)
}

/// An outbox that can post mails.
pub fn outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(Outbox::new(boot.postgres()?).queue(MAIL_QUEUE, boot.queue(MAIL_QUEUE)?))
}
