//! See [`auth::operations::grant_role`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::grant_role::routes)
}
