//! Projects entitlements.

fn main() -> std::process::ExitCode {
    runtime::events(streaming::operations::project_grants::consumer)
}
