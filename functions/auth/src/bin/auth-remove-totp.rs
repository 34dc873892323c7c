//! See [`auth::operations::remove_totp`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::remove_totp::routes)
}
