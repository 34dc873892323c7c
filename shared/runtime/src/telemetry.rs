//! JSON log lines on standard output, as CloudWatch Logs reads them.

use tracing_subscriber::{EnvFilter, fmt};

/// Once per process; a second call does nothing. `RUST_LOG` filters, `info` by default.
pub(crate) fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .without_time()
        .with_env_filter(filter)
        .try_init();
}
