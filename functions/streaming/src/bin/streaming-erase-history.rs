//! See [`streaming::operations::erase_history`].
fn main() -> std::process::ExitCode {
    runtime::events(streaming::operations::erase_history::consumer)
}
