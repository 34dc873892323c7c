//! See [`user::operations::export_data`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::export_data::routes)
}
