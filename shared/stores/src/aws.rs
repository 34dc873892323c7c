//! One HTTP client and one set of credentials for all AWS SDK clients of a function.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};

/// An attempt may take this long: objects and mails are sent whole.
const ATTEMPT: Duration = Duration::from_secs(20);
/// An attempt of a small call, which AWS answers within milliseconds. One that hangs is made again while the function that waits for it still has
/// time: the shortest have three seconds.
const QUICK_ATTEMPT: Duration = Duration::from_secs(2);
/// The same behind an emulator: one process of a laptop answers for all of AWS, and hundreds of calls at once take it seconds.
const EMULATED_ATTEMPT: Duration = Duration::from_secs(10);

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
            .timeout_config(attempts_of(ATTEMPT));
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { config: config.build(), path_style }
    }

    /// The configuration for a client that has no handle here.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The same for small calls: an attempt that hangs is made again soon.
    pub fn quick(&self) -> SdkConfig {
        // Only an emulator has an endpoint of its own.
        let attempt = if self.path_style { EMULATED_ATTEMPT } else { QUICK_ATTEMPT };
        self.config.to_builder().timeout_config(attempts_of(attempt)).build()
    }

    /// Addresses buckets by path, which every emulator understands; only behind an own endpoint.
    pub fn path_style(&self) -> bool {
        self.path_style
    }
}

fn attempts_of(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(attempt).build()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::{Table, table::Key};

    const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}";

    #[tokio::test]
    async fn a_small_call_that_hangs_is_made_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (silent, _) = listener.accept().await.unwrap();
            let (mut answering, _) = listener.accept().await.unwrap();
            let mut request = [0; 4_096];
            assert_ne!(answering.read(&mut request).await.unwrap(), 0);
            answering.write_all(ANSWER.as_bytes()).await.unwrap();
            drop(silent);
        });
        let keys = Keys { id: "test".to_owned(), secret: "test".to_owned(), session: None };
        // As on AWS, although it is not there.
        let aws = Aws { path_style: false, ..Aws::new("eu-central-1".to_owned(), keys, Some(url)) };
        let table = Table::new(&aws, "playback".to_owned());
        let begun = Instant::now();
        let found: Option<String> = table.get(&Key::new("a", "b")).await.unwrap();
        assert_eq!(found, None);
        // An attempt and the pause behind it, of a second at most; a busy machine takes some for itself.
        assert!(begun.elapsed() >= QUICK_ATTEMPT && begun.elapsed() < ATTEMPT / 2, "{:?}", begun.elapsed());
        server.await.unwrap();
    }
}
