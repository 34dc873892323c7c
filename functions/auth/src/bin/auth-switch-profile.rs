//! See [`auth::operations::switch_profile`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::switch_profile::routes)
}
