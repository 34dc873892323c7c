//! From something to tell to its deliveries: one notification for a fact, one delivery for a channel, each once.

use events::{Message, Transaction};
use kernel::{AccountId, MessageId, World};
use proto::mail::{Mail, Template};

use crate::{
    notice::Notice,
    preferences::{Channel, Departure, Preferences},
    store::{
        EMAIL,
        deliveries::{self, Handout},
        notifications, preferences,
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
    if wishes.wants(workflow, Channel::Email) {
        let (id, template): (MessageId, _) = (world.id(), &notice.template);
        let departure = wishes.departure(workflow, now);
        let handout = Handout { id, account, notification, template, channel: Channel::Email, departure };
        deliveries::add(tx, &handout, now).await?;
        if departure == Departure::Now {
            tx.send(mail(id, account, template.clone())).await?;
        }
    }
    Ok(())
}

/// The job that sends a mail to an account.
pub(crate) fn mail(id: MessageId, account: AccountId, template: Template) -> Message {
    Message::to_queue(EMAIL, id, serde_json::to_value(Mail::to_account(id, account, template)).unwrap_or_default())
}
