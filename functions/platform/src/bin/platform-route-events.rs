//! See [`platform::operations::route_events`].
fn main() -> std::process::ExitCode {
    runtime::kinesis(platform::operations::consumers::route_events)
}
