//! See [`user::operations::list_watchlist`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::list_watchlist::routes)
}
