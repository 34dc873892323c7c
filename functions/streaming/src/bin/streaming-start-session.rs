//! Starts playback sessions.

fn main() -> std::process::ExitCode {
    cinema_http::serve(streaming::operations::start_session::routes)
}
