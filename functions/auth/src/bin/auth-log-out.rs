//! See [`auth::operations::log_out`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::log_out::routes)
}
