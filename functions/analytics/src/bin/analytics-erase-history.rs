//! See [`analytics::operations::erase_history`].
fn main() -> std::process::ExitCode {
    runtime::events(analytics::operations::erase_history::consumer)
}
