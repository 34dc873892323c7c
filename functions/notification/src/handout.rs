//! From something to tell to its deliveries: one notification for a fact, one delivery for a channel, each once.

use events::{Message, Transaction};
use kernel::{AccountId, MessageId, World};
use proto::mail::{Mail, Template};
use serde::{Deserialize, Serialize};

use crate::{
    notice::Notice,
    preferences::{Channel, Departure, Preferences},
    store::{
        EMAIL, PUSH,
        deliveries::{self, Handout},
        devices, notifications, preferences,
    },
    workflow::Workflow,
};

/// Tells an account something, on the channels that it wants. A fact that it was told before is no news.
pub(crate) async fn tell(
    tx: &mut Transaction<'_>,
    world: &World,
    account: AccountId,
    notice: &Notice,
) -> Result<(), sqlx::Error> {
    let wishes = preferences::find(&mut **tx, account).await?;
    hand_out(tx, world, account, &wishes, notice).await
}

/// [`tell`] where the person's wishes are known.
pub(crate) async fn hand_out(
    tx: &mut Transaction<'_>,
    world: &World,
    account: AccountId,
    wishes: &Preferences,
    notice: &Notice,
) -> Result<(), sqlx::Error> {
    let Some(workflow) = Workflow::of(&notice.template) else { return Ok(()) };
    let (now, notification) = (world.now(), world.id());
    let inbox = (workflow, wishes.lists(workflow));
    if !notifications::add(tx, notification, account, notice, inbox, now).await? {
        return Ok(());
    }
    let delivery = |id, channel| {
        let departure = wishes.departure(workflow, channel, now, notice.stale_at);
        Handout { id, account, notification, template: &notice.template, channel, departure }
    };
    if wishes.wants(workflow, Channel::Email) {
        let id: MessageId = world.id();
        let delivery = delivery(id, Channel::Email);
        deliveries::add(tx, &delivery, now).await?;
        if delivery.departure == Departure::Now {
            tx.send(mail(id, account, notice.template.clone())).await?;
        }
    }
    if wishes.wants(workflow, Channel::Push) && devices::exist(&mut **tx, account).await? {
        let id: MessageId = world.id();
        let delivery = delivery(id, Channel::Push);
        deliveries::add(tx, &delivery, now).await?;
        if delivery.departure == Departure::Now {
            tx.send(push(id)).await?;
        }
    }
    Ok(())
}

/// A job of the queue `push`: which delivery is to reach the account's browsers. What it says is looked up when it is sent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PushJob {
    pub message_id: MessageId,
}

/// The job that sends a push message.
pub(crate) fn push(id: MessageId) -> Message {
    Message::to_queue(PUSH, id, serde_json::to_value(PushJob { message_id: id }).unwrap_or_default())
}

/// The job that sends a mail to an account.
pub(crate) fn mail(id: MessageId, account: AccountId, template: Template) -> Message {
    Message::to_queue(EMAIL, id, serde_json::to_value(Mail::to_account(id, account, template)).unwrap_or_default())
}
