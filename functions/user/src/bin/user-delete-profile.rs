//! See [`user::operations::delete_profile`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::delete_profile::routes)
}
