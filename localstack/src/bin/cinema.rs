//! `cargo cinema`: see `cargo cinema help`.

fn main() -> std::process::ExitCode {
    cinema::commands::main()
}
