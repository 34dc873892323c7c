//! See [`auth::operations::list_security_events`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::list_security_events::routes)
}
