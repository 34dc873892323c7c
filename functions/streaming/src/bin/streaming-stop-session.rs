//! Ends playback sessions.

fn main() -> std::process::ExitCode {
    cinema_http::serve(streaming::operations::stop_session::routes)
}
