//! See [`auth::operations::revoke_session`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::revoke_session::routes)
}
