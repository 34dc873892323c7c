//! `cargo cinema generate`

use std::path::Path;

use anyhow::Result;
use engines::progress::Progress;

use crate::generate::{self, Mode};

pub(super) async fn run(root: &Path, check: bool, progress: &Progress) -> Result<()> {
    generate::generate(root, if check { Mode::Check } else { Mode::Write }, progress).await
}
