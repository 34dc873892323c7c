//! See [`auth::operations::revoke_role`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::revoke_role::routes)
}
