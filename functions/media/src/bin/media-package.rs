//! See [`media::operations::package`].
fn main() -> std::process::ExitCode {
    runtime::sqs(media::operations::package::consumer)
}
