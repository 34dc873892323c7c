//! Lambda `catalog-get-title`.

fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::get_title::routes)
}
