//! See [`user::operations::erase_history`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::erase_history::routes)
}
