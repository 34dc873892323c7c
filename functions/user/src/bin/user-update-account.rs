//! See [`user::operations::update_account`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::update_account::routes)
}
