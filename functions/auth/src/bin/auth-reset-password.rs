//! See [`auth::operations::reset_password`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::reset_password::routes)
}
