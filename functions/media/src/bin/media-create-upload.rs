//! See [`media::operations::create_upload`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(media::operations::create_upload::routes)
}
