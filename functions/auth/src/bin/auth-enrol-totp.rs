//! See [`auth::operations::enrol_totp`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::enrol_totp::routes)
}
