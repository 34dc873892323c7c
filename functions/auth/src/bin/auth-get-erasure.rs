//! See [`auth::operations::get_erasure`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::get_erasure::routes)
}
