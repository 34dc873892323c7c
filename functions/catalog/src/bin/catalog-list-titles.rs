//! See [`catalog::operations::list_titles`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::http::list_titles)
}
