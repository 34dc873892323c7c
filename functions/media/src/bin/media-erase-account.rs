//! See [`media::operations::erase_account`].
fn main() -> std::process::ExitCode {
    runtime::events(media::operations::erase_account::consumer)
}
