//! See [`auth::operations::step_up`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::step_up::routes)
}
