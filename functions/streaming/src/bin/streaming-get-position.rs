//! Says where a profile stopped.

fn main() -> std::process::ExitCode {
    cinema_http::serve(streaming::operations::get_position::routes)
}
