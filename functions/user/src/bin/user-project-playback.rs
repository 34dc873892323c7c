//! See [`user::operations::project_playback`].
fn main() -> std::process::ExitCode {
    runtime::events(user::operations::project_playback::consumer)
}
