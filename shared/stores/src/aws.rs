//! One HTTP client and one set of credentials for all AWS SDK clients of a function.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};

/// The configuration that SDK clients are made from.
#[derive(Clone)]
pub struct Aws {
    config: SdkConfig,
    path_style: bool,
}

/// Credentials as Lambda puts them into the environment; they do not change while an environment lives.
pub struct Keys {
    /// `AWS_ACCESS_KEY_ID`
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret: String,
    /// `AWS_SESSION_TOKEN`
    pub session: Option<String>,
}

impl Aws {
    /// `endpoint` is set only where an emulator stands in for AWS.
    pub fn new(region: String, keys: Keys, endpoint: Option<String>) -> Self {
        let path_style = endpoint.is_some();
        let credentials = Credentials::new(keys.id, keys.secret, keys.session, None, "environment");
        let mut config = SdkConfig::builder()
            .behavior_version(aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(transport::for_sdk())
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(20)).build());
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { config: config.build(), path_style }
    }

    /// The configuration for a client that has no handle here.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Addresses buckets by path, which every emulator understands; only behind an own endpoint.
    pub fn path_style(&self) -> bool {
        self.path_style
    }
}
