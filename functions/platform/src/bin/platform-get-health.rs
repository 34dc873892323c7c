//! See [`platform::operations::get_health`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(platform::operations::http::get_health)
}
