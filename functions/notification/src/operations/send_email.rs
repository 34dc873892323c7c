//! Queue `email` → SES. Jobs that come twice, in whatever order, are sent once. A crash between the provider's answer and our record of it
//! leaves nobody who knows: codes and warnings are then sent again, everything else is not (docs/architecture/0034-one-delivery.md).
//!
//! Neither addresses nor codes are ever logged.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::{Key, PublicUrl, SqsMessage};
use stores::{MailError, Mailer, PgPool, StoreError, postgres};

use super::public_url;
use crate::{
    content::{Content, ContentError, Envelope},
    destination::Destination,
    email_event::Suppression,
    job::{MailJob, Reader, Recipient},
    language::Language,
    preferences::Channel,
    store::{
        accounts, campaigns,
        deliveries::{self, Claim, Ending},
        erased_accounts, preferences, suppressions, wordings,
    },
    unsubscribe::{self, UnsubscribeKey},
    wording::Wording,
    workflow::{Workflow, may_repeat},
};

runtime::wire! {
    pub struct SendEmail {
        pool: PgPool,
        mailer: Mailer,
        world: World,
        key: Key<UnsubscribeKey>,
        public_url: PublicUrl = public_url,
    }
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
    /// Marketing to an address that no account stands behind: nobody could end it.
    #[error("marketing without an account")]
    NoWayOut,
    /// The key of unsubscribe links cannot be read.
    #[error(transparent)]
    Key(#[from] StoreError),
    /// The provider did not take it, or did not say so.
    #[error(transparent)]
    Provider(#[from] MailError),
}

impl SendError {
    fn is_permanent(&self) -> bool {
        match self {
            Self::Address | Self::Content(_) | Self::NoWayOut => true,
            Self::Key(_) => false,
            Self::Provider(error) => error.is_permanent,
        }
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Self::Provider(error) if error.is_unknown)
    }

    /// For the record, where everything is a mail's.
    fn reason(&self) -> String {
        match self {
            Self::Provider(error) => error.reason.clone(),
            other => other.to_string(),
        }
    }
}

/// Who is to read a mail, as far as it is known.
enum Found {
    Reader(Reader),
    /// Its account is heard of later.
    NotYet,
    Erased,
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
    async fn deliver(&self, job: &MailJob) -> Result<Outcome, StoreError> {
        let (id, template) = (job.message_id, job.template.name());
        let reader = match self.find_reader(job).await? {
            Found::Reader(reader) => reader,
            Found::NotYet => return Ok(Outcome::retry("the account is not known yet")),
            Found::Erased => return Ok(Outcome::Done),
        };
        // Everything that may fail without a trace is read before the claim.
        let refusal = self.refusal(job, &reader).await?;
        let wording = wordings::current(&self.pool, template, Language::of(&reader.locale)).await?.wording;
        let claim = postgres::transact(&self.pool, async |tx| deliveries::claim(tx, job, self.world.now()).await);
        match (claim.await?, refusal) {
            (Claim::Claimed, None) => self.attempt(job, &reader, wording.as_ref()).await,
            (Claim::Claimed, Some(refusal)) => {
                tracing::info!(message_id = %id, template, ?refusal, "mail is not sent");
                self.finish(job, refusal).await
            }
            (Claim::Lost, _) => {
                tracing::error!(message_id = %id, template, "nobody knows whether a mail was sent");
                self.finish(job, Ending::Unknown).await
            }
            (Claim::Finished, _) => Ok(Outcome::Done),
            (Claim::Taken, _) => Ok(Outcome::retry("somebody else is sending it")),
        }
    }

    async fn find_reader(&self, job: &MailJob) -> Result<Found, StoreError> {
        let account = match &job.recipient {
            Recipient::Address(reader) => return Ok(Found::Reader(reader.clone())),
            Recipient::Account(account) => *account,
        };
        if let Some(reader) = accounts::reader(&self.pool, account).await? {
            return Ok(Found::Reader(reader));
        }
        let is_erased = async |tx: &mut _| erased_accounts::contains(tx, account).await;
        let is_erased = postgres::transact(&self.pool, is_erased).await?;
        Ok(if is_erased { Found::Erased } else { Found::NotYet })
    }

    /// Why the mail must not be sent at this moment.
    async fn refusal(&self, job: &MailJob, reader: &Reader) -> Result<Option<Ending<'static>>, StoreError> {
        let workflow = Workflow::of(&job.template);
        if let (Recipient::Account(account), Some(workflow)) = (&job.recipient, workflow) {
            let wishes = preferences::find(&self.pool, *account).await?;
            if !wishes.wants(workflow, Channel::Email) {
                return Ok(Some(Ending::Unwanted));
            }
        }
        if workflow == Some(Workflow::Marketing) && campaigns::has_stopped(&self.pool, job.message_id).await? {
            return Ok(Some(Ending::Stopped));
        }
        let suppression = suppressions::find(&self.pool, &reader.address, self.world.now()).await?;
        // Whoever asks for a code gets it, whatever they called our mails before.
        let holds = |suppression: &Suppression| *suppression == Suppression::Bounce || workflow.is_some();
        Ok(suppression.filter(holds).map(|_| Ending::Suppressed))
    }

    /// Sends a mail that is claimed.
    async fn attempt(&self, job: &MailJob, reader: &Reader, wording: Option<&Wording>) -> Result<Outcome, StoreError> {
        let (id, template) = (job.message_id, job.template.name());
        match self.send(job, reader, wording).await {
            Ok(provider_id) => {
                tracing::info!(message_id = %id, template, provider_id, "mail sent");
                self.finish(job, Ending::Sent(&provider_id)).await
            }
            Err(error) if error.is_permanent() => {
                let reason = error.reason();
                tracing::error!(message_id = %id, template, reason, "mail cannot be sent");
                self.finish(job, Ending::Failed(&reason)).await
            }
            Err(error) if error.is_unknown() && !may_repeat(&job.template) => {
                tracing::error!(message_id = %id, template, %error, "nobody knows whether a mail was sent");
                self.finish(job, Ending::Unknown).await
            }
            Err(passing) => {
                deliveries::release(&self.pool, id).await?;
                Ok(Outcome::retry(passing))
            }
        }
    }

    async fn finish(&self, job: &MailJob, ending: Ending<'_>) -> Result<Outcome, StoreError> {
        deliveries::finish(&self.pool, job.message_id, ending, self.world.now()).await?;
        Ok(Outcome::Done)
    }

    async fn send(&self, job: &MailJob, reader: &Reader, wording: Option<&Wording>) -> Result<String, SendError> {
        if !reader.has_valid_address() {
            return Err(SendError::Address);
        }
        let mut content = content(job, reader, wording)?;
        if let Some(destination) = Destination::of(&job.template) {
            content = content.with_destination(destination, &self.public_url.join(&destination.path()));
        }
        let way_out = self.way_out(job).await?;
        if let Some(url) = &way_out {
            content = content.with_way_out(url);
        }
        let mime = content.mime(&Envelope {
            message_id: job.message_id,
            to: &reader.address,
            from: &self.mailer.from,
            now: self.world.now(),
            unsubscribe: way_out.as_deref(),
        });
        Ok(self.mailer.send(&reader.address, mime).await?)
    }

    /// Where one click ends the mails of its kind; only marketing has it.
    async fn way_out(&self, job: &MailJob) -> Result<Option<String>, SendError> {
        if Workflow::of(&job.template) != Some(Workflow::Marketing) {
            return Ok(None);
        }
        let Recipient::Account(account) = job.recipient else { return Err(SendError::NoWayOut) };
        let token = self.key.get().await?.token(account);
        Ok(Some(self.public_url.join(&unsubscribe::path(&token))))
    }
}

/// In an editor's words, where there are any. What they cannot say is said in the words that came with the program: a mail that is late for its
/// words is worse than one in other words.
fn content(job: &MailJob, reader: &Reader, wording: Option<&Wording>) -> Result<Content, ContentError> {
    let built_in = Content::of(&job.template, &reader.locale)?;
    match wording.map(|wording| wording.content(&job.template, &reader.locale)) {
        Some(Ok(content)) => Ok(content),
        Some(Err(error)) => {
            tracing::error!(message_id = %job.message_id, template = job.template.name(), %error, "a mail is sent in the words of the program");
            Ok(built_in)
        }
        None => Ok(built_in),
    }
}
