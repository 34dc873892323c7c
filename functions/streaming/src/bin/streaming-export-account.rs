//! See [`streaming::operations::export_account`].
fn main() -> std::process::ExitCode {
    runtime::events(streaming::operations::export_account::consumer)
}
