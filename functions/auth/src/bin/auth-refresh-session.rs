//! See [`auth::operations::refresh_session`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::refresh_session::routes)
}
