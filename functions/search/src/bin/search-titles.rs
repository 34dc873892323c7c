//! Lambda `search-titles`.

fn main() -> std::process::ExitCode {
    cinema_http::serve(search::operations::titles::routes)
}
