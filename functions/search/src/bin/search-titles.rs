//! See [`search::operations::titles`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(search::operations::http::titles)
}
