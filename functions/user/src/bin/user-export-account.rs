//! See [`user::operations::export_account`].
fn main() -> std::process::ExitCode {
    runtime::events(user::operations::export_account::consumer)
}
