//! See [`notification::operations::send_email`].
fn main() -> std::process::ExitCode {
    runtime::sqs(notification::operations::send_email::consumer)
}
