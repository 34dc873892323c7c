//! See [`analytics::operations::collect_events`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(analytics::operations::collect_events::routes)
}
