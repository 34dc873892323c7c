//! Compiles the plan's events into the table of the event router, and its dead-letter queues into the table of the redrive.

use std::{collections::BTreeMap, env, error::Error, fmt::Write as _, fs, path::Path};

use manifest::Plan;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let out = env::var("OUT_DIR")?;
    println!("cargo:rerun-if-changed={}", root.join(Plan::FILE).display());
    let plan = Plan::read(&root)?;

    let mut table = String::from("&[\n");
    for (event_type, queues) in &plan.events {
        writeln!(table, "    ({event_type:?}, &{queues:?}),")?;
    }
    table.push(']');
    fs::write(Path::new(&out).join("routes.rs"), table)?;

    let sources: BTreeMap<&String, &String> =
        plan.queues.iter().map(|(name, queue)| (&queue.redrive.queue, name)).collect();
    let mut table = String::from("&[\n");
    for name in plan.dead_letter_queues.keys() {
        writeln!(table, "    ({name:?}, {:?}),", sources.get(name))?;
    }
    table.push(']');
    fs::write(Path::new(&out).join("dead_letters.rs"), table)?;
    Ok(())
}
