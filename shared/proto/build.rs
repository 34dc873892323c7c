//! Generates the event messages and their proto3 JSON from `cinema/**/*.proto`; needs no protoc.

use std::{error::Error, path::PathBuf};

use prost::Message as _;

const SERVICES: [&str; 8] = ["auth", "user", "payment", "catalog", "media", "streaming", "player", "recommendation"];
const MAIL: &str = "cinema/notification/v1/mail.proto";
/// Their fields are secret: `src/mail.rs` says what of them is printed.
const SECRET: &str = ".cinema.notification.v1";

fn main() -> Result<(), Box<dyn Error>> {
    let events = SERVICES.iter().map(|service| format!("cinema/{service}/v1/events.proto"));
    let files: Vec<_> = events.chain([MAIL.to_owned()]).collect();
    for file in &files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(&files, ["."])?;
    let encoded = descriptors.encode_to_vec();
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("events.fds"), &encoded)?;
    prost_build::Config::new().skip_debug([SECRET]).compile_fds(descriptors)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .preserve_proto_field_names()
        .emit_fields()
        .ignore_unknown_fields()
        .build(&[".cinema"])?;
    Ok(())
}
