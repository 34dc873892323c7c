//! See [`catalog::operations::publish_title`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::http::publish_title)
}
