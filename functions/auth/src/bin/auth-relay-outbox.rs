//! See [`auth::operations::relay_outbox`].
fn main() -> std::process::ExitCode {
    runtime::schedule(auth::operations::relay_outbox::consumer)
}
