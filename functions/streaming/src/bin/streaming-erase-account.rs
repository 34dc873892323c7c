//! See [`streaming::operations::erase_account`].
fn main() -> std::process::ExitCode {
    runtime::events(streaming::operations::erase_account::consumer)
}
