//! See [`analytics::operations::get_title_overview`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(analytics::operations::get_title_overview::routes)
}
