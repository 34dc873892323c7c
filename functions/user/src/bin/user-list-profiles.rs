//! See [`user::operations::list_profiles`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::list_profiles::routes)
}
