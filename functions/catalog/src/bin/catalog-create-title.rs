//! Lambda `catalog-create-title`.

fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::create_title::routes)
}
