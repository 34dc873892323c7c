//! Lambda `catalog-publish-title`.

fn main() -> std::process::ExitCode {
    cinema_http::serve(catalog::operations::publish_title::routes)
}
