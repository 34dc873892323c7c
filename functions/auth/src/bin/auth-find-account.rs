//! See [`auth::operations::find_account`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::find_account::routes)
}
