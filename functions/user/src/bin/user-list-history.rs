//! See [`user::operations::list_history`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::list_history::routes)
}
