//! See [`auth::operations::project_profiles`].
fn main() -> std::process::ExitCode {
    runtime::events(auth::operations::project_profiles::consumer)
}
