//! See [`search::operations::index_title`].
fn main() -> std::process::ExitCode {
    runtime::events(search::operations::consumers::index_title)
}
