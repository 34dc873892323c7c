//! See [`user::operations::get_entitlements`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::get_entitlements::routes)
}
