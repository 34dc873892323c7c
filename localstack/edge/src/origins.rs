//! What the edge stands in front of.

use std::{collections::BTreeMap, path::PathBuf};

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
    /// Path → the methods it has.
    pub methods: BTreeMap<String, Vec<String>>,
}

impl Origins {
    /// The methods of the route that a path matches; `None` where there is none.
    pub fn methods_of(&self, path: &str) -> Option<&[String]> {
        let fits = |route: &str| {
            let (mut route, mut path) = (route.split('/'), path.split('/'));
            loop {
                match (route.next(), path.next()) {
                    (None, None) => return true,
                    (Some(part), Some(segment)) if part == segment => {}
                    (Some(part), Some(segment)) if part.starts_with('{') && !segment.is_empty() => {}
                    _ => return false,
                }
            }
        };
        // A word is meant before a variable, as at the gateway.
        let found = self.methods.iter().filter(|(route, _)| fits(route));
        found.min_by_key(|(route, _)| route.matches('{').count()).map(|(_, methods)| methods.as_slice())
    }
}
