//! What a function tells of itself: the trace that it continues, log lines, and spans.

pub mod logs;
pub mod spans;
pub mod trace;
