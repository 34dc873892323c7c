//! See [`user::operations::add_to_watchlist`].
fn main() -> std::process::ExitCode {
    cinema_http::serve(user::operations::add_to_watchlist::routes)
}
