//! See [`media::operations::encode_audio`].
fn main() -> std::process::ExitCode {
    runtime::sqs(media::operations::encode_audio::consumer)
}
