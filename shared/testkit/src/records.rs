//! Batches of records, for shipped binaries.

use serde_json::{Value, json};

/// Messages of a queue.
pub fn sqs(bodies: impl IntoIterator<Item = String>) -> Value {
    let message = |(number, body): (usize, String)| {
        json!({
            "messageId": number.to_string(), "receiptHandle": "handle", "body": body, "attributes": {}, "messageAttributes": {},
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:queue", "awsRegion": "eu-central-1"
        })
    };
    json!({ "Records": bodies.into_iter().enumerate().map(message).collect::<Vec<_>>() })
}
