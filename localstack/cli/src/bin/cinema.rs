//! `cargo cinema`: see `cargo cinema help`.

fn main() -> std::process::ExitCode {
    cli::main()
}
