//! See [`user::operations::project_accounts`].
fn main() -> std::process::ExitCode {
    runtime::events(user::operations::project_accounts::consumer)
}
