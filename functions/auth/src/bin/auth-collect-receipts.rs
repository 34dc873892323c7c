//! See [`auth::operations::collect_receipts`].
fn main() -> std::process::ExitCode {
    runtime::events(auth::operations::collect_receipts::consumer)
}
