//! See [`catalog::operations::relay_outbox`].
fn main() -> std::process::ExitCode {
    runtime::schedule(catalog::operations::consumers::relay_outbox)
}
