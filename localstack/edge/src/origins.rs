//! What the edge stands in front of.

use std::path::PathBuf;

use axum::http::HeaderValue;
use manifest::KeyPattern;
use playback::signed_url::PublicKey;

/// What every request needs.
pub(crate) struct Origins {
    pub client: reqwest::Client,
    pub s3: aws_sdk_s3::Client,
    pub api_url: String,
    pub aws_url: String,
    pub origin_verify: HeaderValue,
    pub territory: HeaderValue,
    pub public_url: String,
    pub media_key: tokio::sync::OnceCell<PublicKey>,
    pub secrets: aws_sdk_secretsmanager::Client,
    pub web: PathBuf,
    /// Keys of the media bucket that need no signed URL.
    pub public: Vec<KeyPattern>,
}
