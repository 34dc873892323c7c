//! Lambda `catalog-list-titles`.

fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::list_titles::routes)
}
