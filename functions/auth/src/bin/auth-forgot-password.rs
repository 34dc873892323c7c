//! See [`auth::operations::forgot_password`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::forgot_password::routes)
}
