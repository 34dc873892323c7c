//! See [`auth::operations::confirm_totp`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::confirm_totp::routes)
}
