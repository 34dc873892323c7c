//! SES as the emulator keeps it, with a sender of its own for every test.

use events::{Consumer, Deadline, Outcome};
use kernel::{MessageId, World};
use notification::operations::consumers;
use proto::mail::{Mail, Template, VerifyEmail};
use runtime::SqsMessage;
use serde_json::Value;
use stores::Fetch;
use testkit::Service;

pub struct Ses {
    pub service: Service,
}

impl Ses {
    pub async fn start() -> Self {
        let ses = Self::unverified().await;
        ses.verify().await;
        ses
    }

    /// The sender is not known to SES yet.
    pub async fn unverified() -> Self {
        let id = World::system().id::<MessageId>();
        // A domain of its own: others may have verified a whole domain.
        let from = format!("{id}@{}.example", id.to_string().replace('_', "-"));
        Self { service: Service::start("notification").await.with("EMAIL_FROM", &from) }
    }

    pub async fn verify(&self) {
        let client = aws_sdk_ses::Client::new(self.service.aws().config());
        client.verify_email_identity().email_address(self.service.var("EMAIL_FROM")).send().await.unwrap();
    }

    /// What was sent: raw messages.
    pub async fn sent(&self) -> Vec<String> {
        let url = format!("{}/_aws/ses?email={}", self.service.var("AWS_ENDPOINT_URL"), self.service.var("EMAIL_FROM"));
        let document: Value = serde_json::from_slice(&Fetch::default().get(&url).await.unwrap()).unwrap();
        let messages = document["messages"].as_array().unwrap();
        messages.iter().map(|message| message["RawData"].as_str().unwrap().to_owned()).collect()
    }

    /// status, attempts, failure
    pub async fn record(&self, id: MessageId) -> (String, i32, Option<String>) {
        sqlx::query_as("select status, attempts, failure from deliveries where message_id = $1")
            .bind(id.to_string())
            .fetch_one(&self.service.pool())
            .await
            .unwrap()
    }

    pub async fn consume(&self, jobs: &[Value]) -> Vec<Outcome> {
        let boot = self.service.boot();
        let consumer = consumers::send_email(&boot).unwrap();
        let message = |job: &Value| SqsMessage { id: "1".into(), body: job.to_string(), receive_count: 1, trace: None };
        consumer.consume_all(jobs.iter().map(message).collect(), &Deadline::unlimited(boot.world())).await
    }
}

/// A mail to be sent, as its writers write it.
pub fn job(template: impl Into<Template>, locale: &str) -> (MessageId, Value) {
    let id: MessageId = World::system().id();
    (id, serde_json::to_value(Mail::new(id, "reader@example.com", locale, template)).unwrap())
}

/// A mail with a code.
pub fn code_mail() -> (MessageId, Value) {
    job(VerifyEmail { code: "042917".to_owned() }, "en")
}
