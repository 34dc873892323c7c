//! See [`analytics::operations::erase_account`].
fn main() -> std::process::ExitCode {
    runtime::events(analytics::operations::erase_account::consumer)
}
