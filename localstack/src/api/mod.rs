//! The clients with which the command line talks to its platform: AWS, plain HTTP, and the product's own API.

pub mod cinema;
pub mod mail;

use std::time::Duration;

use anyhow::Result;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_types::{SdkConfig, region::Region};

use crate::stack::REGION;

/// The configuration for an emulator.
pub fn aws(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "local");
    SdkConfig::builder()
        .behavior_version(aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(transport::for_sdk())
        .endpoint_url(endpoint)
        .build()
}

/// S3 with path-style addresses, which emulators understand.
pub fn s3(aws: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(aws).force_path_style(true).build())
}

/// Plain HTTP on loopback; redirects are not followed and no proxy is asked.
pub fn http_client() -> Result<reqwest::Client> {
    transport::install_ring();
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    Ok(builder.connect_timeout(Duration::from_secs(5)).timeout(Duration::from_secs(120)).build()?)
}
