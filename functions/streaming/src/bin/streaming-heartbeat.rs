//! Listens to players.

fn main() -> std::process::ExitCode {
    cinema_http::serve(streaming::operations::heartbeat::routes)
}
