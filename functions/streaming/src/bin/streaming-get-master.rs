//! Serves master playlists.

fn main() -> std::process::ExitCode {
    cinema_http::serve(streaming::operations::get_master::routes)
}
