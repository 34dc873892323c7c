//! See [`catalog::operations::list_genres`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::http::list_genres)
}
