//! See [`auth::operations::export_account`].
fn main() -> std::process::ExitCode {
    runtime::events(auth::operations::export_account::consumer)
}
