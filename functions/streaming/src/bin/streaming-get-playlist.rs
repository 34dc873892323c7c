//! Serves signed media playlists.

fn main() -> std::process::ExitCode {
    cinema_http::serve(streaming::operations::get_playlist::routes)
}
