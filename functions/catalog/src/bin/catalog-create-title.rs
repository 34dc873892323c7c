//! See [`catalog::operations::create_title`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::http::create_title)
}
