//! See [`auth::operations::change_email`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::change_email::routes)
}
