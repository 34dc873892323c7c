//! See [`user::operations::erase_account`].
fn main() -> std::process::ExitCode {
    runtime::events(user::operations::erase_account::consumer)
}
