//! Clients for LocalStack: any credentials, plain HTTP.

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Region, RequestChecksumCalculation as Request, ResponseChecksumValidation as Response,
};
use aws_types::SdkConfig;

/// The region of every local platform.
pub const REGION: &str = "eu-central-1";
/// The account of a local platform; LocalStack keeps the resources of accounts apart.
pub const ACCOUNT: &str = "000000000000";
/// Buckets belong to no region here, and only in this one they can be created without naming it again.
const BUCKET_REGION: &str = "us-east-1";

/// The configuration of all clients.
pub fn config(endpoint: &str) -> SdkConfig {
    config_of(endpoint, "test")
}

/// [`config`] for another account: LocalStack takes a key id of twelve digits for one.
pub fn config_of(endpoint: &str, account: &str) -> SdkConfig {
    let credentials = Credentials::new(account, "test", None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(transport::for_sdk())
        .endpoint_url(endpoint)
        .build()
}

/// S3 with path-style addresses, which emulators understand.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(Builder::from(config).force_path_style(true).build())
}

/// S3 for copies within one machine: a checksum per object would only cost time.
pub(crate) fn s3_for_copies(endpoint: &str) -> aws_sdk_s3::Client {
    let config = Builder::from(&config(endpoint))
        .region(Region::new(BUCKET_REGION))
        .force_path_style(true)
        .request_checksum_calculation(Request::WhenRequired)
        .response_checksum_validation(Response::WhenRequired);
    aws_sdk_s3::Client::from_conf(config.build())
}
