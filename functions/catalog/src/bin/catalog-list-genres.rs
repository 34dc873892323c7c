//! Lambda `catalog-list-genres`.

fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::list_genres::routes)
}
