//! Lambda `search-index-title`.

fn main() -> std::process::ExitCode {
    runtime::events(search::operations::index_title::consumer)
}
