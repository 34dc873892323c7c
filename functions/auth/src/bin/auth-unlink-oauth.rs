//! See [`auth::operations::unlink_oauth`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::unlink_oauth::routes)
}
