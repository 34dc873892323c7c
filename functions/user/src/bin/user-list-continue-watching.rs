//! See [`user::operations::list_continue_watching`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::list_continue_watching::routes)
}
