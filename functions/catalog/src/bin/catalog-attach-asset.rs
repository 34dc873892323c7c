//! See [`catalog::operations::attach_asset`].
fn main() -> std::process::ExitCode {
    runtime::events(catalog::operations::consumers::attach_asset)
}
