//! Tells what happened to sessions.

fn main() -> std::process::ExitCode {
    runtime::dynamodb(streaming::operations::relay_sessions::consumer)
}
