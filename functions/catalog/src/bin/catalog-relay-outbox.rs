//! Lambda `catalog-relay-outbox`.

fn main() -> std::process::ExitCode {
    runtime::schedule(catalog::operations::relay_outbox::consumer)
}
