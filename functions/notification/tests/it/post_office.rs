//! SES as the emulator keeps it, with a sender of its own for every test.

use events::{Consumer, Deadline, Outcome};
use kernel::{MessageId, World};
use notification::operations::send_email;
use runtime::SqsMessage;
use serde_json::{Value, json};
use stores::Fetch;
use testkit::Service;

pub struct PostOffice {
    pub service: Service,
}

impl PostOffice {
    pub async fn open() -> Self {
        let office = Self::unverified().await;
        office.verify().await;
        office
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
        let consumer = send_email::consumer(&boot).unwrap();
        let messages =
            jobs.iter().map(|job| SqsMessage { id: "1".into(), body: job.to_string(), receive_count: 1 }).collect();
        consumer.consume_all(messages, &Deadline::unlimited(boot.world())).await
    }
}

pub fn job(template: &str, locale: &str) -> (MessageId, Value) {
    let id = World::system().id();
    let job = json!({
        "message_id": id, "template": template, "to": "reader@example.com", "locale": locale, "variables": { "code": "042917" }
    });
    (id, job)
}
