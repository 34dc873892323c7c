//! Names and routes have one owner.

use std::collections::HashMap;

use super::{has_event_queue, refuse};
use crate::error::ManifestError;
use crate::function::Function;
use crate::manifest::Manifest;

/// Functions and their queues.
pub(super) fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    let mut seen = HashMap::new();
    for function in &manifest.functions {
        if let Some(other) = seen.insert(function.name.as_str(), function) {
            return Err(refuse(function, format!("the name is taken by {}:{}", other.file.display(), other.line)));
        }
        if has_event_queue(function) && manifest.resources.queues.contains_key(&function.name) {
            return Err(refuse(
                function,
                "its events queue has the name of a queue in functions/resources.yaml".into(),
            ));
        }
    }
    Ok(())
}

/// API Gateway gives a resource one variable child at most.
pub(super) fn check_routes(manifest: &Manifest) -> Result<(), ManifestError> {
    let mut owners = HashMap::new();
    let mut variables: HashMap<String, (&str, &Function)> = HashMap::new();
    for function in &manifest.functions {
        for route in &function.routes {
            if let Some(other) = owners.insert(route, function) {
                return Err(refuse(function, format!("`{route}` is also a route of {}", other.name)));
            }
            let mut parent = String::new();
            for segment in route.segments() {
                if segment.starts_with('{') {
                    let (known, other) = variables.entry(parent.clone()).or_insert((segment, function));
                    if *known != segment {
                        let reason = format!("`{route}`: the segment {segment} is called {known} by {}", other.name);
                        return Err(refuse(function, reason));
                    }
                }
                parent.push('/');
                parent.push_str(segment);
            }
        }
    }
    Ok(())
}
