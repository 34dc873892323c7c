//! See [`auth::operations::purge_expired`].
fn main() -> std::process::ExitCode {
    runtime::schedule(auth::operations::purge_expired::consumer)
}
