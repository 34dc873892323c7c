//! Compiles the names of the services that erase accounts, those with a function `<service>-erase-account`, out of the plan.

use std::{env, error::Error, fs, path::Path};

use manifest::Plan;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..");
    println!("cargo:rerun-if-changed={}", root.join(Plan::FILE).display());
    let plan = Plan::read(&root)?;
    let services: Vec<&str> = plan.functions.keys().filter_map(|name| name.strip_suffix("-erase-account")).collect();
    fs::write(Path::new(&env::var("OUT_DIR")?).join("erasers.rs"), format!("&{services:?}"))?;
    Ok(())
}
