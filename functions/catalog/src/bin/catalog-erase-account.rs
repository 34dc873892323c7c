//! See [`catalog::operations::erase_account`].
fn main() -> std::process::ExitCode {
    runtime::events(catalog::operations::consumers::erase_account)
}
