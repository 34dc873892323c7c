//! See [`user::operations::relay_outbox`].
fn main() -> std::process::ExitCode {
    runtime::schedule(user::operations::relay_outbox::consumer)
}
