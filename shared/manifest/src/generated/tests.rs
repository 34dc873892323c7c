use super::*;

const YAML: &str = "service: catalog
functions:
  catalog-update-title: {http: 'PATCH /v1/titles/{id}', access: 'role:editor', proof: 10m}
  catalog-get-title: {http: 'GET /v1/titles/{id}', access: public}
  catalog-tick: {schedule: rate(1 minute)}
";

fn repository() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "functions/resources.yaml", "{}");
    put(root.path(), "functions/catalog/functions.yaml", YAML);
    root
}

fn put(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn text(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap()
}

#[test]
fn what_is_written_is_up_to_date_until_the_yaml_changes() {
    let repository = repository();
    let root = repository.path();
    assert_eq!(write(root).unwrap(), [Path::new("functions/plan.json"), Path::new("CargoLambda.toml")]);
    assert!(write(root).unwrap().is_empty());
    check(root).unwrap();
    assert_eq!(Plan::current(root).unwrap(), Plan::read(root).unwrap());

    put(root, "functions/catalog/functions.yaml", &YAML.replace("access: public", "access: public, memory: 512"));
    let refused = "functions/plan.json is out of date: run `cargo cinema generate`";
    assert_eq!(check(root).unwrap_err().to_string(), refused);
    assert_eq!(Plan::current(root).unwrap_err().to_string(), refused);
}

#[test]
fn the_route_table_lists_methods_by_path() {
    let repository = repository();
    write(repository.path()).unwrap();
    let table = text(repository.path(), ROUTE_TABLE);
    let entry =
        "[[watch.router]]\npath = \"/v1/titles/{id}\"\nmethods = [\"PATCH\"]\nfunction = \"catalog-update-title\"\n";
    assert!(table.ends_with(entry), "{table}");
    assert_eq!(table.matches("[[watch.router]]").count(), 2);
}

#[test]
fn programs_start_what_the_service_lists() {
    let repository = repository();
    let root = repository.path();
    put(root, "functions/catalog/src/operations/mod.rs", "");
    assert_eq!(write(root).unwrap().len(), 5);
    let program = |name: &str| text(root, &format!("functions/catalog/src/bin/{name}.rs"));
    let body =
        "fn main() -> std::process::ExitCode {\n    cinema_http::serve(catalog::operations::http::get_title)\n}\n";
    assert!(program("catalog-get-title").ends_with(body), "{}", program("catalog-get-title"));
    assert!(program("catalog-tick").contains("runtime::serve(catalog::operations::programs::tick)"));

    put(root, "functions/catalog/src/bin/catalog-tick.rs", "fn main() {}\n");
    let refused = check(root).unwrap_err().to_string();
    assert!(refused.starts_with("functions/catalog/src/bin/catalog-tick.rs is out of date"), "{refused}");
}
