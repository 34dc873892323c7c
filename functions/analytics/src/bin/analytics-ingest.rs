//! See [`analytics::operations::ingest`].
fn main() -> std::process::ExitCode {
    runtime::events(analytics::operations::ingest::consumer)
}
