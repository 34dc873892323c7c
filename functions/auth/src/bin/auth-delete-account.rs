//! See [`auth::operations::delete_account`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::delete_account::routes)
}
