//! See [`catalog::operations::get_cast`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::http::get_cast)
}
