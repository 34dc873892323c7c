//! Compiles the names of the services that erase accounts, those with a function `<service>-erase-account`, out of the manifests.

use std::{env, error::Error, fs, path::Path};

use manifest::Manifest;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let manifest = Manifest::load(&root)?;
    println!("cargo:rerun-if-changed={}", root.join("functions/resources.yaml").display());
    for function in &manifest.functions {
        println!("cargo:rerun-if-changed={}", root.join(&function.file).display());
    }
    let is_eraser = |function: &&manifest::Function| function.name == format!("{}-erase-account", function.service);
    let mut services: Vec<&str> =
        manifest.functions.iter().filter(is_eraser).map(|function| function.service.as_str()).collect();
    services.sort_unstable();
    fs::write(Path::new(&env::var("OUT_DIR")?).join("erasers.rs"), format!("&{services:?}"))?;
    Ok(())
}
