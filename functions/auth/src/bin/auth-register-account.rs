//! See [`auth::operations::register_account`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::register_account::routes)
}
