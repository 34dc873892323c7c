//! Lambda `catalog-attach-asset`.

fn main() -> std::process::ExitCode {
    runtime::events(catalog::operations::attach_asset::consumer)
}
