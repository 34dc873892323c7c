//! What tests and benches find in their environment.

use std::path::Path;

use crate::platform::Platform;

/// Name and value.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// Where the engines of a platform answer and its tools lie.
pub(crate) fn variables(platform: &Platform) -> Variables {
    let endpoints = &platform.target.endpoints;
    let text = |path: &Path| path.display().to_string();
    vec![
        ("CINEMA_TEST_AWS_URL", endpoints.aws.clone()),
        ("CINEMA_TEST_POSTGRES_URL", endpoints.postgres.clone()),
        ("CINEMA_TEST_REDIS_URL", endpoints.redis.clone()),
        ("CINEMA_TEST_OPENSEARCH_URL", endpoints.opensearch.clone()),
        ("CINEMA_TEST_CLICKHOUSE_URL", endpoints.clickhouse.clone()),
        ("CINEMA_TEST_ISSUER_URL", endpoints.issuer.clone()),
        ("CINEMA_TEST_FFMPEG_DIR", text(&platform.home.ffmpeg_dir())),
        ("CINEMA_TEST_NODE", text(&platform.home.node())),
        ("CINEMA_TEST_BROWSER_DIR", text(&platform.home.browser_dir())),
        ("CINEMA_TEST_SCHEMATHESIS_PACKAGES", text(&platform.home.schemathesis_packages())),
    ]
}
