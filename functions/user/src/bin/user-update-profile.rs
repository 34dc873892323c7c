//! See [`user::operations::update_profile`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::update_profile::routes)
}
