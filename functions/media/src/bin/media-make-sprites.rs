//! See [`media::operations::make_sprites`].
fn main() -> std::process::ExitCode {
    runtime::sqs(media::operations::make_sprites::consumer)
}
