//! See [`media::operations::verify`].
fn main() -> std::process::ExitCode {
    runtime::sqs(media::operations::verify::consumer)
}
