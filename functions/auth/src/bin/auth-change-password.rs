//! See [`auth::operations::change_password`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::change_password::routes)
}
