//! See [`auth::operations::verify_email`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::verify_email::routes)
}
