//! See [`auth::operations::rotate_keys`].
fn main() -> std::process::ExitCode {
    runtime::schedule(auth::operations::rotate_keys::consumer)
}
