//! Queue `email` → SES. A job that comes twice is sent once; only a crash between the provider's answer and our record of it can send it again.
//! Neither addresses nor codes are ever logged.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::SqsMessage;
use stores::{MailError, Mailer, PgPool};

use crate::{
    content::{Content, ContentError},
    job::MailJob,
    store::deliveries::{self, Claim},
};

runtime::wire! {
    pub struct SendEmail { pool: PgPool, mailer: Mailer, world: World }
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    /// Nobody could be reached there.
    #[error("invalid address")]
    Address,
    /// Its variables make no mail.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The provider did not take it.
    #[error(transparent)]
    Provider(#[from] MailError),
}

impl SendError {
    fn is_permanent(&self) -> bool {
        match self {
            Self::Address | Self::Content(_) => true,
            Self::Provider(error) => error.is_permanent,
        }
    }

    /// For the record, where everything is a mail's.
    fn reason(&self) -> String {
        match self {
            Self::Provider(error) => error.reason.clone(),
            other => other.to_string(),
        }
    }
}

impl Consumer<SqsMessage> for SendEmail {
    async fn consume(&self, message: SqsMessage, _: &Deadline) -> Outcome {
        match MailJob::read(&message.body) {
            Ok(job) => self.deliver(&job).await.unwrap_or_else(Outcome::retry),
            Err(error) => Outcome::poison(error),
        }
    }
}

impl SendEmail {
    async fn deliver(&self, job: &MailJob) -> Result<Outcome, sqlx::Error> {
        let (id, template) = (job.message_id, job.template.name());
        match deliveries::claim(&self.pool, id, template, self.world.now()).await? {
            Claim::Claimed => {}
            Claim::Finished => return Ok(Outcome::Done),
            Claim::Taken => return Ok(Outcome::retry("somebody else is sending it")),
        }
        match self.send(job).await {
            Ok(provider_id) => {
                tracing::info!(message_id = %id, template, provider_id, "mail sent");
                deliveries::finish_sent(&self.pool, id, &provider_id, self.world.now()).await?;
            }
            Err(error) if error.is_permanent() => {
                let reason = error.reason();
                tracing::error!(message_id = %id, template, reason, "mail cannot be sent");
                deliveries::finish_failed(&self.pool, id, &reason, self.world.now()).await?;
            }
            Err(passing) => {
                deliveries::release(&self.pool, id).await?;
                return Ok(Outcome::retry(passing));
            }
        }
        Ok(Outcome::Done)
    }

    async fn send(&self, job: &MailJob) -> Result<String, SendError> {
        if !job.has_valid_address() {
            return Err(SendError::Address);
        }
        let mime = Content::of(&job.template, &job.locale)?.mime(job, &self.mailer.from, self.world.now());
        Ok(self.mailer.send(&job.to, mime).await?)
    }
}
