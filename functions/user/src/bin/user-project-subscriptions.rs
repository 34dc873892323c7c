//! See [`user::operations::project_subscriptions`].
fn main() -> std::process::ExitCode {
    runtime::events(user::operations::project_subscriptions::consumer)
}
