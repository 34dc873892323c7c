//! See [`user::operations::get_account`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::get_account::routes)
}
