//! See [`auth::operations::log_out_everywhere`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(auth::operations::log_out_everywhere::routes)
}
