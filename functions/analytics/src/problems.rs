//! What the service refuses, as its clients hear it.

use std::{future::Future, time::Duration};

use cinema_http::Problem;
use kernel::World;
use stores::StoreError;

use crate::{
    hour::Hour,
    span::{Hours, Span, SpanError},
};

/// A slow engine is answered with 503 before the function's own end.
const PATIENCE: Duration = Duration::from_secs(8);

/// The answer of ClickHouse, or 503.
pub(crate) async fn patiently<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, Problem> {
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    Ok(answer.map_err(|_| Problem::unavailable("temporarily_unavailable", "clickhouse is slow"))??)
}

/// 404: it served nobody, or there is none.
pub(crate) fn no_such_experiment() -> Problem {
    Problem::not_found("experiment")
}

impl From<SpanError> for Problem {
    fn from(error: SpanError) -> Self {
        Self::invalid("until", error.to_string())
    }
}

/// The hours of a request: `usual` hours unless it says otherwise, at most `most`.
pub(crate) fn hours(span: Span, world: &World, usual: u32, most: u32) -> Result<Hours, Problem> {
    let now = Hour::of(world.now()).unwrap_or(Hour::from_seconds(0));
    Ok(span.within(now, usual, most)?)
}
