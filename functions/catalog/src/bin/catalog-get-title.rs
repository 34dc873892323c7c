//! See [`catalog::operations::get_title`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::http::get_title)
}
