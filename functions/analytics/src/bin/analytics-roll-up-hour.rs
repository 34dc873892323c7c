//! See [`analytics::operations::roll_up_hour`].
fn main() -> std::process::ExitCode {
    runtime::schedule(analytics::operations::roll_up_hour::consumer)
}
