//! The shipped binary on the Runtime API.

use serde_json::json;
use testkit::{Function, golden, lambda::pairs};

use crate::ses::Ses;

#[tokio::test]
async fn send_email_answers_its_golden_event() {
    let ses = Ses::start().await;
    let mut function = Function::start("notification-send-email", &pairs(ses.service.vars())).await;
    for _ in 0..2 {
        let answer = function.invoke(&golden("notification-send-email")).await;
        assert_eq!(answer, Ok(json!({ "batchItemFailures": [] })));
    }
    assert_eq!(ses.sent().await.len(), 1);
}
