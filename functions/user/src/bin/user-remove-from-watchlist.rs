//! See [`user::operations::remove_from_watchlist`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::remove_from_watchlist::routes)
}
