//! Compiles the plan's events into the table of the event router.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

use manifest::Plan;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..");
    println!("cargo:rerun-if-changed={}", root.join(Plan::FILE).display());
    let mut table = String::from("&[\n");
    for (event_type, queues) in Plan::read(&root)?.events {
        writeln!(table, "    ({event_type:?}, &{queues:?}),")?;
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("routes.rs"), table)?;
    Ok(())
}
