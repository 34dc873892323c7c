//! JSON log lines on standard output, as CloudWatch Logs reads them.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Once per process; a second call does nothing. `RUST_LOG` filters by target (`info,sqlx=debug`), `info` by default.
pub fn init() {
    let wanted = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let filter = wanted.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false).without_time();
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
}
