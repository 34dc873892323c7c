//! See [`user::operations::create_profile`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::create_profile::routes)
}
