//! See [`auth::operations::start_oauth`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::start_oauth::routes)
}
