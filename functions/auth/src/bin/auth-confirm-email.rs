//! See [`auth::operations::confirm_email`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::confirm_email::routes)
}
