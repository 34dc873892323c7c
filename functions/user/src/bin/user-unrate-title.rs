//! See [`user::operations::unrate_title`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::unrate_title::routes)
}
