//! See [`user::operations::rate_title`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::rate_title::routes)
}
