//! The AWS clients of the deployer, over one HTTP client.

use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use engines::aws::{self, REGION};

/// An emulator that unpacks a layer of 160 MB on a busy machine takes its time.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) struct Clients {
    account: String,
    pub api: aws_sdk_apigateway::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub streams: aws_sdk_dynamodbstreams::Client,
    pub events: aws_sdk_eventbridge::Client,
    pub kinesis: aws_sdk_kinesis::Client,
    pub lambda: aws_sdk_lambda::Client,
    pub s3: aws_sdk_s3::Client,
    pub secrets: aws_sdk_secretsmanager::Client,
    pub ses: aws_sdk_ses::Client,
    pub sqs: aws_sdk_sqs::Client,
}

impl Clients {
    pub fn new(endpoint: &str, account: &str) -> Clients {
        let config = config(endpoint, account);
        Clients {
            account: account.to_owned(),
            api: aws_sdk_apigateway::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            streams: aws_sdk_dynamodbstreams::Client::new(&config),
            events: aws_sdk_eventbridge::Client::new(&config),
            kinesis: aws_sdk_kinesis::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            s3: aws::s3(&config),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            ses: aws_sdk_ses::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
        }
    }

    /// ARN of a function.
    pub fn function_arn(&self, name: &str) -> String {
        format!("arn:aws:lambda:{REGION}:{}:function:{name}", self.account)
    }

    /// ARN of a queue.
    pub fn queue_arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{REGION}:{}:{name}", self.account)
    }

    /// A role of its own per function, as in AWS; an emulator does not look at it.
    pub fn role_arn(&self, function: &str) -> String {
        format!("arn:aws:iam::{}:role/{function}", self.account)
    }
}

fn config(endpoint: &str, account: &str) -> SdkConfig {
    aws::config_of(endpoint, account)
        .into_builder()
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build())
        .build()
}
