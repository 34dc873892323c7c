//! See [`media::operations::reconcile`].
fn main() -> std::process::ExitCode {
    runtime::schedule(media::operations::reconcile::consumer)
}
