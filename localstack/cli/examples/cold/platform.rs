use manifest::Plan;
use testkit::Service;

use crate::workload::{Stage, Workload, request};

pub async fn stage() -> Stage {
    let mut stage = Stage::new(Service::start("platform").await);
    // The router finds them by their names.
    let client = aws_sdk_sqs::Client::new(stage.service.aws().config());
    for name in Plan::read(&testkit::root()).expect("the plan").events.into_values().flatten() {
        client.create_queue().queue_name(name).send().await.expect("a queue");
    }
    stage.measure("platform-get-health", Workload::same(request("GET /v1/health", None, None)));
    stage.measure_golden_anew(&["platform-route-events"]);
    stage
}
