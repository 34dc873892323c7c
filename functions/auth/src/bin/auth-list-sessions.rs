//! See [`auth::operations::list_sessions`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::list_sessions::routes)
}
