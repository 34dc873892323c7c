//! See [`user::operations::get_export`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::get_export::routes)
}
