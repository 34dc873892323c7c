//! A notice of a provider → its object is read again there, and what it is now is applied. Neither order nor repetition of notices matters.

use events::{Consumer, Deadline, Outcome};
use runtime::SqsMessage;
use serde::Deserialize;
use stores::StoreError;

use crate::{
    billing::{Billing, NotApplied},
    providers::notice::NoticeKind,
    store::webhooks,
};

runtime::wire! { pub struct ProcessWebhook { billing: Billing } }

/// Which notice.
#[derive(Debug, Deserialize)]
struct Job {
    provider: String,
    event_id: String,
}

impl Consumer<SqsMessage> for ProcessWebhook {
    async fn consume(&self, message: SqsMessage, _: &Deadline) -> Outcome {
        let job: Job = match serde_json::from_str(&message.body) {
            Ok(job) => job,
            Err(error) => return Outcome::poison(error),
        };
        match self.apply(&job).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}

impl ProcessWebhook {
    async fn apply(&self, job: &Job) -> Result<(), NotApplied> {
        let (pool, Job { provider, event_id }) = (self.billing.outbox().pool(), job);
        let sql = |error: sqlx::Error| NotApplied::Billing(error.into());
        let Some((kind, object)) = webhooks::find_waiting(pool, provider, event_id).await.map_err(sql)? else {
            return Ok(());
        };
        let kind: NoticeKind = kind.parse().unwrap_or(NoticeKind::Other);
        if !self.billing.reread(provider, kind, &object).await? {
            tracing::info!(provider, %kind, object, "a notice about nothing of ours");
        }
        webhooks::applied(pool, provider, event_id, self.billing.world().now()).await.map_err(sql)
    }
}

impl From<NotApplied> for StoreError {
    fn from(error: NotApplied) -> Self {
        Self { engine: "billing", detail: error.to_string() }
    }
}
