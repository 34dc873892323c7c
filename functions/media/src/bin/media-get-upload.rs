//! See [`media::operations::get_upload`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(media::operations::get_upload::routes)
}
