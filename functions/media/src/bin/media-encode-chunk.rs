//! See [`media::operations::encode_chunk`].
fn main() -> std::process::ExitCode {
    runtime::sqs(media::operations::encode_chunk::consumer)
}
