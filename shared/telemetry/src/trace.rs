//! The trace of the running invocation: whatever leaves the function carries it on.

use kernel::TraceParent;

tokio::task_local! {
    static CURRENT: Option<TraceParent>;
}

/// The trace in which the caller runs, if it runs in one.
pub fn current() -> Option<TraceParent> {
    CURRENT.try_with(|trace| *trace).ok().flatten()
}

/// Runs `work` in a trace.
pub fn within<F: Future>(trace: Option<TraceParent>, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(trace, work)
}

/// The name of the message attribute of a queue, and of the attribute of a table's item.
pub const ATTRIBUTE: &str = "traceparent";
