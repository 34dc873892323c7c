//! Queue `push` → the push services of an account's browsers (docs/architecture/0051-web-push.md). A browser that is gone is forgotten; one whose service
//! is down is tried again without the others. A copy is harmless: of one notification a browser shows one.
//!
//! Neither endpoints nor keys are ever logged.

use events::{Consumer, Deadline, Outcome};
use kernel::{Locale, MessageId, World};
use runtime::{Key, PublicUrl, SqsMessage};
use serde_json::json;
use stores::{PgPool, StoreError, postgres};
use time::Duration;

use super::public_url;
use crate::{
    content::Content,
    handout::PushJob,
    preferences::Channel,
    push::{Answer, Endpoint, PushMessage, PushService, VapidKey},
    store::{
        accounts, campaigns,
        deliveries::{self, Claim, Ending, Pushed},
        devices::{self, Device},
        erased_accounts, preferences,
    },
    workflow::Workflow,
};

runtime::wire! {
    pub struct SendPush {
        pool: PgPool,
        service: PushService,
        world: World,
        key: Key<VapidKey>,
        public_url: PublicUrl = public_url,
    }
}

/// A push service must be able to answer.
const ANSWER_TIME: Duration = Duration::seconds(7);

impl Consumer<SqsMessage> for SendPush {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        match serde_json::from_str::<PushJob>(&message.body) {
            Ok(job) => self.deliver(job.message_id, deadline).await.unwrap_or_else(Outcome::retry),
            Err(error) => Outcome::poison(format!("not a push job: error at column {}", error.column())),
        }
    }
}

impl SendPush {
    async fn deliver(&self, id: MessageId, deadline: &Deadline) -> Result<Outcome, StoreError> {
        let Some(pushed) = deliveries::find_push(&self.pool, id).await? else { return Ok(Outcome::Done) };
        let (account, now) = (pushed.account, self.world.now());
        let claim = postgres::transact(&self.pool, async |tx| {
            if erased_accounts::contains(tx, account).await? {
                return Ok(Claim::Finished);
            }
            deliveries::claim_push(tx, id, now).await
        });
        match claim.await? {
            Claim::Claimed => self.attempt(id, &pushed, deadline).await,
            Claim::Finished => Ok(Outcome::Done),
            Claim::Taken | Claim::Lost => Ok(Outcome::retry("somebody else is sending it")),
        }
    }

    /// Sends a message that is claimed to every device that has not got it.
    async fn attempt(&self, id: MessageId, pushed: &Pushed, deadline: &Deadline) -> Result<Outcome, StoreError> {
        let (Some(template), account) = (&pushed.template, pushed.account) else {
            return self.finish(id, Ending::Failed("no known template")).await;
        };
        let wishes = preferences::find(&self.pool, account).await?;
        let Some(workflow) = Workflow::of(template).filter(|workflow| wishes.wants(*workflow, Channel::Push)) else {
            return self.finish(id, Ending::Unwanted).await;
        };
        if workflow == Workflow::Marketing && campaigns::has_stopped(&self.pool, id).await? {
            return self.finish(id, Ending::Stopped).await;
        }
        let locale = accounts::reader(&self.pool, account).await?.map_or_else(Locale::english, |reader| reader.locale);
        let Ok(content) = Content::of(template, &locale) else {
            return self.finish(id, Ending::Failed("its variables make no message")).await;
        };
        // What lies on a locked screen: one line, and where to read the rest.
        let notification = pushed.notification.to_string();
        let message = json!({ "id": notification, "title": content.subject }).to_string();
        let mut later = None;
        for device in devices::waiting(&self.pool, account, id).await? {
            if !deadline.allows(ANSWER_TIME) {
                later = Some("not reached before the deadline".to_owned());
                break;
            }
            match self.push(&device, &message, &notification, workflow).await? {
                Answer::Taken => devices::done(&self.pool, id, device.id, true).await?,
                Answer::Gone => {
                    tracing::info!(device_id = %device.id, "a device is gone");
                    devices::remove(&self.pool, account, device.id).await?;
                }
                Answer::Refused(status) => {
                    tracing::error!(message_id = %id, device_id = %device.id, status, "a push service refuses a message");
                    devices::done(&self.pool, id, device.id, false).await?;
                }
                Answer::Later(reason) => later = Some(reason),
            }
        }
        if let Some(reason) = later {
            deliveries::release(&self.pool, id).await?;
            return Ok(Outcome::retry(reason));
        }
        let ending = match devices::has_reached(&self.pool, id).await? {
            true => Ending::Sent(&notification),
            false => Ending::Failed("no device"),
        };
        self.finish(id, ending).await
    }

    async fn push(
        &self,
        device: &Device,
        message: &str,
        topic: &str,
        workflow: Workflow,
    ) -> Result<Answer, StoreError> {
        // What could be registered once and could not be any more.
        let (Some(keys), Ok(endpoint)) = (&device.keys, Endpoint::parse(&device.endpoint, self.service.trusted()))
        else {
            return Ok(Answer::Gone);
        };
        let key = self.key.get().await?;
        let unsealed = |_| StoreError { engine: "ring", detail: "a message could not be sealed".to_owned() };
        let sealed = keys.seal(message.as_bytes(), self.world.bytes()).map_err(unsealed)?;
        let authorization = key.authorization(endpoint.origin(), self.public_url.as_str(), self.world.now());
        let (Some(body), Some(authorization)) = (sealed, authorization) else { return Ok(Answer::Refused(413)) };
        let message = PushMessage { body, authorization, topic, is_urgent: workflow.breaks_quiet() };
        Ok(self.service.send(&endpoint, message).await)
    }

    async fn finish(&self, id: MessageId, ending: Ending<'_>) -> Result<Outcome, StoreError> {
        deliveries::finish(&self.pool, id, ending, self.world.now()).await?;
        Ok(Outcome::Done)
    }
}
