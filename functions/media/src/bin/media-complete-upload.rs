//! See [`media::operations::complete_upload`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(media::operations::complete_upload::routes)
}
