//! See [`media::operations::probe`].
fn main() -> std::process::ExitCode {
    runtime::sqs(media::operations::probe::consumer)
}
