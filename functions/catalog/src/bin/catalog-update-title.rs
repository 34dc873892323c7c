//! See [`catalog::operations::update_title`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::http::update_title)
}
