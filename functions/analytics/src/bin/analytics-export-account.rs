//! See [`analytics::operations::export_account`].
fn main() -> std::process::ExitCode {
    runtime::events(analytics::operations::export_account::consumer)
}
