//! See [`auth::operations::resume_erasures`].
fn main() -> std::process::ExitCode {
    runtime::schedule(auth::operations::resume_erasures::consumer)
}
