//! See [`media::operations::start_ingest`].
fn main() -> std::process::ExitCode {
    runtime::s3(media::operations::start_ingest::consumer)
}
