//! See [`auth::operations::finish_oauth`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::finish_oauth::routes)
}
