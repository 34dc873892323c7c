//! See [`user::operations::project_titles`].
fn main() -> std::process::ExitCode {
    runtime::events(user::operations::project_titles::consumer)
}
