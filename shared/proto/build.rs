//! Generates the event messages and their proto3 JSON from `cinema/**/*.proto`; needs no protoc.

use std::{error::Error, path::PathBuf};

use prost::Message as _;

const SERVICES: [&str; 7] = ["auth", "user", "payment", "catalog", "media", "streaming", "player"];

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<_> = SERVICES.iter().map(|service| format!("cinema/{service}/v1/events.proto")).collect();
    for file in &files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(&files, ["."])?;
    let encoded = descriptors.encode_to_vec();
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("events.fds"), &encoded)?;
    prost_build::Config::new().compile_fds(descriptors)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .preserve_proto_field_names()
        .emit_fields()
        .ignore_unknown_fields()
        .build(&[".cinema"])?;
    Ok(())
}
