//! See [`auth::operations::get_jwks`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::get_jwks::routes)
}
