//! Clients for LocalStack's own bookkeeping: any credentials, plain HTTP.

use aws_credential_types::Credentials;
use aws_sdk_s3::config::{BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation};

use crate::stack::REGION;

/// Buckets belong to no region here, and only in this one they can be created without naming it again.
const BUCKET_REGION: &str = "us-east-1";

pub(super) fn s3(endpoint: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(BUCKET_REGION))
        .credentials_provider(credentials())
        .force_path_style(true)
        // Copies within one machine: a checksum per object would only cost time.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .http_client(transport::for_sdk())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

pub(super) fn secrets(endpoint: &str) -> aws_sdk_secretsmanager::Client {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(REGION))
        .credentials_provider(credentials())
        .http_client(transport::for_sdk())
        .build();
    aws_sdk_secretsmanager::Client::from_conf(config)
}

fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "local")
}
