//! Queue `email` → SES. A job that comes twice is sent once; only a crash between the provider's answer and our record of it can send it again.
//! Neither addresses nor codes are ever logged.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::{Boot, BootError, SqsMessage};
use stores::{MailError, Mailer};

use crate::{
    delivery::{Claim, Deliveries},
    message::Message,
    template::Mail,
};

struct Post {
    deliveries: Deliveries,
    mailer: Mailer,
    world: World,
}

impl Consumer<SqsMessage> for Post {
    async fn consume(&self, job: SqsMessage, _: &Deadline) -> Outcome {
        let message = match Message::parse(&job.body) {
            Ok(message) => message,
            Err(error) => return Outcome::poison(error),
        };
        match self.deliveries.claim(message.message_id, message.template, self.world.now()).await {
            Ok(Claim::Mine) => {}
            Ok(Claim::Finished) => return Outcome::Done,
            Ok(Claim::Taken) => return Outcome::retry("somebody else is sending it"),
            Err(error) => return Outcome::retry(error),
        }
        let (id, now) = (message.message_id, self.world.now());
        let recorded = match self.send(&message).await {
            Ok(provider_id) => self.deliveries.sent(id, &provider_id, now).await,
            Err(MailError { is_permanent: true, reason }) => {
                tracing::error!(message_id = %id, template = message.template.name(), reason, "mail cannot be sent");
                self.deliveries.failed(id, &reason, now).await
            }
            Err(passing) => {
                let released = self.deliveries.release(id).await;
                return Outcome::Retry(released.map_or_else(|error| error.to_string(), |()| passing.to_string()));
            }
        };
        recorded.map_or_else(Outcome::retry, |()| Outcome::Done)
    }
}

impl Post {
    async fn send(&self, message: &Message) -> Result<String, MailError> {
        let permanent = |reason: String| MailError { reason, is_permanent: true };
        if !message.has_valid_address() {
            return Err(permanent("invalid address".to_owned()));
        }
        let mail = Mail::of(message).map_err(|error| permanent(error.to_string()))?;
        let mime = mail.mime(message, &self.mailer.from, self.world.now());
        let provider_id = self.mailer.send(&message.to, mime).await?;
        tracing::info!(message_id = %message.message_id, template = message.template.name(), provider_id, "mail sent");
        Ok(provider_id)
    }
}

/// Postgres for the record, SES for the mail.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<SqsMessage> + use<>, BootError> {
    Ok(Post { deliveries: Deliveries::new(boot.postgres()?), mailer: boot.ses()?, world: boot.world() })
}
