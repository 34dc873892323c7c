//! See [`media::operations::get_asset`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(media::operations::get_asset::routes)
}
