//! See [`auth::operations::log_in`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::log_in::routes)
}
