//! Holds the places of a function together: yaml, bin, operation, OpenAPI document, golden payload.

use std::collections::BTreeSet;

use cinema_http::{NamedSchema, OpenApiRouter};
use manifest::{Function, Manifest, Route};
use runtime::{Boot, BootError, Needs, Program};
use utoipa::openapi::{OpenApi, PathItem};

use crate::document;

/// `HTTP` of a service's `operations!`.
pub type Operations = &'static [(&'static str, fn(&Boot) -> Result<OpenApiRouter, BootError>)];
/// `CONSUMERS` of a service's `operations!`.
pub type Consumers = &'static [(&'static str, fn(&Boot) -> Result<Program, BootError>)];

/// Every difference between the manifest and the code of a service; must be called inside a tokio runtime.
pub fn differences(service: &str, http: Operations, consumers: Consumers) -> Vec<String> {
    let root = crate::root();
    let manifest = Manifest::load(&root).unwrap_or_else(|error| panic!("{error}"));
    let mut found = manifest::drift::files(&root, &manifest, service);
    found.extend(manifest::drift::golden(&root, &manifest, service));
    let mut listed = BTreeSet::new();
    for (operation, routes) in http {
        listed.insert((*operation).to_owned());
        let Some(function) = entry(&manifest, service, operation, &mut found) else { continue };
        let boot = Boot::recording();
        match routes(&boot) {
            Ok(routes) => {
                compare_routes(function, &routes.into_openapi(), &mut found);
                compare_needs(function, &boot.needs(), &mut found);
            }
            Err(error) => found.push(format!("{}: wiring fails: {error}", function.name)),
        }
    }
    for (operation, wire) in consumers {
        listed.insert((*operation).to_owned());
        let Some(function) = entry(&manifest, service, operation, &mut found) else { continue };
        let boot = Boot::recording();
        match wire(&boot) {
            Ok(program) => {
                compare_needs(function, &boot.needs(), &mut found);
                let (payload, expected) = (program.payload(), function.payload());
                if expected != Some(payload) {
                    found.push(format!(
                        "{}: it reads {payload:?}, the yaml invokes it with {expected:?}",
                        function.name
                    ));
                }
            }
            Err(error) => found.push(format!("{}: wiring fails: {error}", function.name)),
        }
        if function.is_http() {
            found.push(format!("{}: has a route but is listed as a consumer", function.name));
        }
    }
    for function in manifest.service(service).filter(|function| !listed.contains(&function.operation())) {
        found.push(format!("{}: not in operations!", function.name));
    }
    found
}

fn entry<'a>(manifest: &'a Manifest, service: &str, operation: &str, found: &mut Vec<String>) -> Option<&'a Function> {
    let name = format!("{service}-{}", operation.replace('_', "-"));
    let function = manifest.function(&name);
    if function.is_none() {
        found.push(format!("{name}: no entry in functions.yaml"));
    }
    function
}

fn compare_needs(function: &Function, needs: &Needs, found: &mut Vec<String>) {
    for unused in function.uses.difference(&needs.uses) {
        found.push(format!("{}: uses lists {unused}, which the wiring does not ask for", function.name));
    }
    for missing in needs.uses.difference(&function.uses) {
        found.push(format!("{}: the wiring asks for {missing}, which uses does not list", function.name));
    }
    let settings: BTreeSet<String> = function.settings.iter().cloned().collect();
    if settings != needs.settings {
        found.push(format!("{}: settings are {settings:?}, the wiring reads {:?}", function.name, needs.settings));
    }
}

fn methods(item: &PathItem) -> impl Iterator<Item = &'static str> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    all.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method)
}

fn compare_routes(function: &Function, document: &OpenApi, found: &mut Vec<String>) {
    let expected: BTreeSet<Route> = function.routes.iter().cloned().collect();
    let mut documented = BTreeSet::new();
    for (path, item) in &document.paths.paths {
        documented.extend(methods(item).map(|method| Route { method: method.to_owned(), path: path.clone() }));
    }
    if expected != documented {
        found.push(format!("{}: routes are {expected:?} in the yaml, {documented:?} in the code", function.name));
    }
}

/// Writes `docs/api/<service>.json` when `CINEMA_GENERATE` is set, else checks that it is up to date.
pub fn check_document(
    service: &str,
    routes: fn(&Boot) -> Result<OpenApiRouter, BootError>,
    schemas: fn() -> Vec<NamedSchema>,
) {
    let file = crate::root().join("docs/api").join(format!("{service}.json"));
    let (document, faults) = document::of(service, routes, schemas);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let current = serde_json::to_string_pretty(&document).expect("JSON") + "\n";
    if std::env::var_os("CINEMA_GENERATE").is_some() {
        std::fs::create_dir_all(file.parent().expect("docs/api")).expect("a folder");
        std::fs::write(&file, current).expect("written");
        return;
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == current, "{} is out of date: run `cargo cinema generate`", file.display());
}

/// The tests that every service has: manifest, access and OpenAPI document.
#[macro_export]
macro_rules! drift_tests {
    ($service:ident) => {
        #[tokio::test]
        async fn manifest_and_code_agree() {
            let found = $crate::drift::differences(
                stringify!($service),
                $service::operations::HTTP,
                $service::operations::CONSUMERS,
            );
            assert!(found.is_empty(), "{}", found.join("\n"));
        }

        #[tokio::test]
        async fn access_is_as_stated() {
            let found = $crate::access::differences(stringify!($service), $service::operations::routes).await;
            assert!(found.is_empty(), "{}", found.join("\n"));
        }

        #[tokio::test]
        async fn openapi_document_is_up_to_date() {
            $crate::drift::check_document(
                stringify!($service),
                $service::operations::routes,
                $service::operations::documents::schemas,
            );
        }
    };
}
