//! See [`auth::operations::verify_mfa`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::verify_mfa::routes)
}
