//! See [`media::operations::relay_assets`].
fn main() -> std::process::ExitCode {
    runtime::dynamodb(media::operations::relay_assets::consumer)
}
