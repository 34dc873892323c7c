//! Lambda `catalog-update-title`.

fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::update_title::routes)
}
