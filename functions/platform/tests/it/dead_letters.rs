//! Dead letters in an AWS account of the test's own: the operations find queues by their real names.

use aws_sdk_sqs::{Client, types::QueueAttributeName as Attribute};
use cinema_http::StatusCode;
use serde_json::{Value, json};
use stores::{Aws, aws::Keys};
use testkit::{Answer, App, Engines, Service, Token};

/// A queue whose dead letters the tests make.
const QUEUE: &str = "analytics-erase-history";

pub(crate) struct Post {
    pub service: Service,
    sqs: Client,
    app: App,
}

impl Post {
    /// With every dead-letter queue of the plan, each behind its queue.
    pub(crate) async fn open() -> Self {
        let account = format!("{:012}", u64::from_le_bytes(kernel::World::system().bytes()) % 1_000_000_000_000);
        let keys = Keys { id: account.clone(), secret: "test".into(), session: None };
        let aws = Aws::new("eu-central-1".into(), keys, Some(Engines::from_env().aws));
        let sqs = Client::new(aws.config());
        let plan = manifest::Plan::read(&testkit::root()).unwrap();
        for name in plan.dead_letter_queues.keys() {
            sqs.create_queue().queue_name(name).send().await.unwrap();
        }
        for (name, queue) in &plan.queues {
            let target = format!("arn:aws:sqs:eu-central-1:{account}:{}", queue.redrive.queue);
            let policy = json!({"deadLetterTargetArn": target, "maxReceiveCount": 5}).to_string();
            sqs.create_queue().queue_name(name).attributes(Attribute::RedrivePolicy, policy).send().await.unwrap();
        }
        let service = Service::start("platform").await.with("AWS_ACCESS_KEY_ID", &account);
        let app = service.app(platform::operations::routes);
        Self { service, sqs, app }
    }

    async fn url(&self, name: &str) -> String {
        self.sqs.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap()
    }

    async fn send(&self, name: &str, bodies: &[String]) {
        let url = self.url(name).await;
        for body in bodies {
            self.sqs.send_message().queue_url(&url).message_body(body).send().await.unwrap();
        }
    }

    async fn depth(&self, name: &str) -> usize {
        let asked = self.sqs.get_queue_attributes().queue_url(self.url(name).await);
        let asked = asked.attribute_names(Attribute::ApproximateNumberOfMessages);
        let said = asked.send().await.unwrap().attributes.unwrap_or_default();
        said[&Attribute::ApproximateNumberOfMessages].parse().unwrap()
    }

    /// Everything that a queue holds, once it holds `count`.
    async fn take(&self, name: &str, count: usize) -> Vec<String> {
        let url = self.url(name).await;
        let mut bodies = Vec::new();
        for _ in 0..20 {
            let asked = self.sqs.receive_message().queue_url(&url).max_number_of_messages(10).wait_time_seconds(1);
            bodies.extend(asked.send().await.unwrap().messages().iter().filter_map(|found| found.body.clone()));
            if bodies.len() >= count {
                bodies.sort();
                return bodies;
            }
        }
        panic!("{name} holds {bodies:?}");
    }

    async fn redrive(&self, queue: &str, body: &Value) -> Answer {
        let path = format!("/v1/admin/queues/{queue}/redrive");
        self.app.post(&path, body).token(&Token::role("admin")).send().await
    }

    async fn listed(&self, queue: &str) -> Value {
        let list = self.app.get("/v1/admin/queues").token(&Token::role("admin")).send().await.expect(200);
        let items = list["items"].as_array().unwrap();
        items.iter().find(|item| item["queue"] == queue).unwrap_or_else(|| panic!("{queue} is not listed")).clone()
    }

    async fn listed_once(&self, queue: &str, status: &str) -> Value {
        for _ in 0..40 {
            let item = self.listed(queue).await;
            if item["last_redrive"]["status"] == status {
                return item;
            }
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
        panic!("{queue} is never {status}");
    }

    /// What was written down about moves out of a queue.
    async fn records(&self, queue: &str) -> Vec<Value> {
        let bucket = stores::Bucket::new(self.service.aws(), self.service.var("BUCKET_EVENTS_DEAD"));
        let listed = bucket.client.list_objects_v2().bucket(&bucket.name).prefix(format!("redrives/{queue}/"));
        let mut records = Vec::new();
        for object in listed.send().await.unwrap().contents() {
            let body = bucket.get(object.key().unwrap()).await.unwrap().unwrap();
            records.push(serde_json::from_slice(&body).unwrap());
        }
        records
    }
}

fn letters(count: usize) -> Vec<String> {
    (0..count).map(|number| json!({"number": number, "text": "Ünïcode"}).to_string()).collect()
}

#[tokio::test]
async fn dead_letters_go_back_unchanged_and_it_is_written_down_who_sent_them() {
    let post = Post::open().await;
    let bodies = letters(4);
    post.send("webhooks-dlq", &bodies).await;
    assert_eq!(post.listed("webhooks").await, json!({"queue": "webhooks", "dead_letters": 4, "can_redrive": true}));

    let admin = Token::role("admin");
    let call = post.app.post("/v1/admin/queues/webhooks/redrive", &json!({"messages_per_second": 100}));
    let begun = call.token(&admin).send().await.expect(202);
    assert_eq!(begun, json!({"queue": "webhooks", "to_move": 4, "messages_per_second": 100}));
    assert_eq!(post.take("webhooks", 4).await, bodies);
    let item = post.listed_once("webhooks", "completed").await;
    assert_eq!(item["dead_letters"], 0);
    let last = &item["last_redrive"];
    assert_eq!((&last["moved"], &last["to_move"], &last["messages_per_second"]), (&json!(4), &json!(4), &json!(100)));

    let records = post.records("webhooks").await;
    let mine: Vec<_> = records.iter().filter(|record| record["actor"] == admin.0.sub.to_string()).collect();
    let [record] = mine[..] else { panic!("{records:?}") };
    assert_eq!((&record["queue"], &record["to_move"]), (&json!("webhooks"), &json!(4)));
    assert!(record["asked_at"].is_string(), "{record}");
}

#[tokio::test]
async fn the_rate_is_kept_and_a_second_move_waits_for_the_first() {
    let post = Post::open().await;
    post.send(&format!("{QUEUE}-dlq"), &letters(4)).await;
    let slow = json!({"messages_per_second": 1});
    let begun = std::time::Instant::now();
    post.redrive(QUEUE, &slow).await.expect(202);
    let refused = post.redrive(QUEUE, &slow).await.expect_problem(409, "redrive_running");
    assert_eq!((&refused["redrive"]["status"], &refused["redrive"]["to_move"]), (&json!("running"), &json!(4)));
    assert!(post.depth(QUEUE).await < 4, "all letters came at once");
    post.listed_once(QUEUE, "completed").await;
    assert!(begun.elapsed().as_secs_f64() > 2.9, "four letters took {:?} at one a second", begun.elapsed());
    assert_eq!(post.depth(QUEUE).await, 4);
    post.redrive(QUEUE, &json!({})).await.expect(202);
}

#[tokio::test]
async fn of_many_at_once_one_begins_and_the_others_hear_of_it() {
    let post = Post::open().await;
    post.send("email-dlq", &letters(3)).await;
    let slow = json!({"messages_per_second": 1});
    let answers = futures::future::join_all((0..6).map(|_| post.redrive("email", &slow))).await;
    let begun = answers.iter().filter(|answer| answer.status == StatusCode::ACCEPTED).count();
    assert_eq!(begun, 1);
    for refused in answers.iter().filter(|answer| answer.status != StatusCode::ACCEPTED) {
        refused.expect_problem(409, "redrive_running");
    }
    post.listed_once("email", "completed").await;
    assert_eq!(post.take("email", 3).await, letters(3));
}

#[tokio::test]
async fn what_cannot_be_moved_is_refused_before_anything_is_asked() {
    // Nobody answers: whatever is refused here is refused without SQS.
    let service = Service::start("platform").await.with("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let app = service.app(platform::operations::routes);
    let redrive = |queue: &str, body: &Value| {
        app.post(&format!("/v1/admin/queues/{queue}/redrive"), body).token(&Token::role("admin")).send()
    };
    for unknown in ["no-such-queue", "email-dlq", "EMAIL", "%D0%B0", "domain-events"] {
        redrive(unknown, &json!({})).await.expect_problem(404, "not_found");
    }
    for stream in ["platform-route-events", "media-start-ingest"] {
        redrive(stream, &json!({})).await.expect_problem(422, "no_way_back");
    }
    for rate in [json!(0), json!(101), json!(-1), json!(1.5), json!("10"), json!(70_000), json!(null)] {
        let refused = redrive("email", &json!({ "messages_per_second": rate })).await;
        let refused = refused.expect_problem(422, "invalid_request");
        assert_eq!(refused["errors"][0]["pointer"], "/messages_per_second", "{refused}");
    }
    redrive("email", &json!({"rate": 1})).await.expect_problem(422, "invalid_request");
    for role in ["support", "editor"] {
        let call = app.post("/v1/admin/queues/email/redrive", &json!({})).token(&Token::role(role));
        call.send().await.expect_problem(403, "role_required");
        app.get("/v1/admin/queues").token(&Token::role(role)).send().await.expect_problem(403, "role_required");
    }
    redrive("email", &json!({})).await.expect_problem(503, "temporarily_unavailable");
    let list = app.get("/v1/admin/queues").token(&Token::role("admin")).send().await;
    list.expect_problem(503, "temporarily_unavailable");
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_moved() {
    let post = Post::open().await;
    post.send("profile-secrets-dlq", &letters(2)).await;
    let service = post.service.with("BUCKET_EVENTS_DEAD", "no-such-bucket-at-all");
    let app = service.app(platform::operations::routes);
    let call = app.post("/v1/admin/queues/profile-secrets/redrive", &json!({})).token(&Token::role("admin"));
    call.send().await.expect_problem(503, "temporarily_unavailable");
    let list = app.get("/v1/admin/queues").token(&Token::role("admin")).send().await.expect(200);
    let item = list["items"].as_array().unwrap().iter().find(|item| item["queue"] == "profile-secrets").unwrap();
    assert_eq!((&item["dead_letters"], item.get("last_redrive")), (&json!(2), None));
}

#[tokio::test]
async fn every_dead_letter_queue_of_the_plan_is_listed() {
    let post = Post::open().await;
    let list = post.app.get("/v1/admin/queues").token(&Token::role("admin")).send().await.expect(200);
    let plan = manifest::Plan::read(&testkit::root()).unwrap();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), plan.dead_letter_queues.len());
    let no_way_back = items.iter().filter(|item| item["can_redrive"] == false).count();
    assert_eq!(no_way_back, plan.dead_letter_queues.len() - plan.queues.len());
    assert!(list.get("next_cursor").is_none());
}
