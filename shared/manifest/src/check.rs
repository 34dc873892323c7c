//! What no single entry can break: names, references and limits across the whole repository.

mod consumers;
mod entry;
mod names;
mod references;

use crate::error::ManifestError;
use crate::function::Function;
use crate::manifest::Manifest;
use crate::trigger::Trigger;

pub(crate) fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    for function in &manifest.functions {
        entry::check(function)?;
        references::check(manifest, function)?;
    }
    names::check(manifest)?;
    names::check_routes(manifest)?;
    consumers::check(manifest)
}

fn refuse(function: &Function, reason: String) -> ManifestError {
    let reason = format!("{}: {reason}", function.name);
    ManifestError::Invalid { file: function.file.clone(), line: function.line, reason }
}

fn has_event_queue(function: &Function) -> bool {
    function.triggers.iter().any(|trigger| matches!(trigger, Trigger::Events(_)))
}
