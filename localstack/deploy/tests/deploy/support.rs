//! Clients for what a test asks the emulator.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_types::SdkConfig;
use deploy::Target;
use engines::aws;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

/// Address of an engine; a missing one is a failure, never a skip.
pub fn engine(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run the tests with `cargo cinema test`"))
}

fn config(target: &Target) -> SdkConfig {
    aws::config_of(&target.endpoints.aws, &target.account)
}

pub struct Aws {
    config: SdkConfig,
}

impl Aws {
    pub fn new(target: &Target) -> Aws {
        Aws { config: config(target) }
    }

    pub async fn put_object(&self, bucket: &str, key: &str) {
        let put = aws::s3(&self.config).put_object().bucket(bucket).key(key);
        put.body(b"film".to_vec().into()).send().await.unwrap();
    }

    pub async fn send(&self, queue: &str, body: &str) {
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let url = sqs.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap();
        sqs.send_message().queue_url(url).message_body(body).send().await.unwrap();
    }

    pub async fn visibility(&self, queue: &str) -> u32 {
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let url = sqs.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap();
        let name = QueueAttributeName::VisibilityTimeout;
        let found = sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.unwrap();
        found.attributes.unwrap()[&name].parse().unwrap()
    }

    pub async fn put_record(&self, stream: &str, data: &[u8]) {
        let kinesis = aws_sdk_kinesis::Client::new(&self.config);
        kinesis.put_record().stream_name(stream).partition_key("a").data(Blob::new(data)).send().await.unwrap();
    }

    pub async fn put_item(&self, table: &str, key: &str) {
        let put = aws_sdk_dynamodb::Client::new(&self.config).put_item().table_name(table);
        let put = put.item("pk", AttributeValue::S(key.into())).item("sk", AttributeValue::S("a".into()));
        put.send().await.unwrap();
    }

    pub async fn secret(&self, name: &str) -> Option<String> {
        let secrets = aws_sdk_secretsmanager::Client::new(&self.config);
        secrets.get_secret_value().secret_id(name).send().await.ok()?.secret_string
    }
}

/// What a function has logged so far.
pub async fn log(target: &Target, function: &str) -> String {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config(target));
    let found = logs.filter_log_events().log_group_name(format!("/aws/lambda/{function}")).send().await;
    let events = found.map(|page| page.events.unwrap_or_default()).unwrap_or_default();
    events.into_iter().filter_map(|event| event.message).collect::<Vec<_>>().join("\n")
}

pub struct Http(Client<HttpConnector, Full<Bytes>>);

pub struct Answer {
    pub status: u16,
    pub body: String,
    headers: HeaderMap,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Http {
    pub fn new() -> Http {
        Http(Client::builder(TokioExecutor::new()).build_http())
    }

    pub async fn call(&self, method: &str, url: &str) -> Answer {
        self.call_with(method, url, "").await
    }

    pub async fn call_with(&self, method: &str, url: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(url).header("content-type", "application/json");
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let answer = self.0.request(request).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}
