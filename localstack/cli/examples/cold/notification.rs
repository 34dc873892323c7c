use testkit::Service;

use crate::workload::Stage;

pub async fn stage() -> Stage {
    let mut stage = Stage::new(Service::start("notification").await);
    let client = aws_sdk_ses::Client::new(stage.service.aws().config());
    let sender = stage.service.var("EMAIL_FROM");
    client.verify_email_identity().email_address(sender).send().await.expect("a sender");
    stage.measure_golden_anew(&["notification-send-email"]);
    stage
}
