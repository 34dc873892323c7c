//! Projects titles.

fn main() -> std::process::ExitCode {
    runtime::events(streaming::operations::project_titles::consumer)
}
