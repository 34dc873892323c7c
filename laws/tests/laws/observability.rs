//! Alerts lead to runbooks, dashboards to what they are drawn from. The queries to ClickHouse run in the tests of analytics, the alerts in `observability/check`.

use std::{collections::BTreeSet, fs};

use laws::{files, root};
use serde_json::Value;

fn yaml(path: &str) -> Value {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_norway::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Every rule of Prometheus: those that record, and alerts.
fn rules() -> Vec<Value> {
    let files = files(&root().join("observability/prometheus/rules"), "yml");
    let read = |file: &std::path::PathBuf| yaml(&file.strip_prefix(root()).unwrap().to_string_lossy());
    let groups = files.iter().map(read).flat_map(|file| list(&file["groups"]).to_vec());
    groups.flat_map(|group| list(&group["rules"]).to_vec()).collect()
}

/// Every dashboard, by the name of its file.
fn dashboards() -> Vec<(String, Value)> {
    let files = files(&root().join("observability/grafana/dashboards"), "json");
    let read = |file: std::path::PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let dashboard = serde_json::from_str(&fs::read_to_string(&file).unwrap());
        (name.clone(), dashboard.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    files.into_iter().map(read).collect()
}

/// Names that rules record, as an expression holds them: `api:failed:increase1h`.
fn recorded(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != ':');
    words.filter(|word| word.contains(':'))
}

#[test]
fn every_alert_of_prometheus_says_what_to_do_and_is_tested() {
    let tests = yaml("observability/tests/alerts.yml");
    let looks = list(&tests["tests"]).iter().flat_map(|test| list(&test["alert_rule_test"]));
    let seen: BTreeSet<&str> =
        looks.filter(|look| !list(&look["exp_alerts"]).is_empty()).map(|look| text(look, "/alertname")).collect();
    let rules = rules();
    let alerts: Vec<&Value> = rules.iter().filter(|rule| rule.get("alert").is_some()).collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        let name = text(alert, "/alert");
        let runbook = text(alert, "/annotations/runbook");
        assert!(runbook.starts_with("docs/runbooks/") && root().join(runbook).is_file(), "{name}: {runbook:?}");
        let told = fs::read_to_string(root().join(runbook)).unwrap();
        let speeds = name.rsplit_once('-').map_or(name, |(promise, _)| promise);
        assert!(told.contains(speeds), "{runbook} does not know {name}");
        assert!(!text(alert, "/annotations/summary").is_empty(), "{name} has no summary");
        assert!(["page", "ticket"].contains(&text(alert, "/labels/severity")), "{name} has no severity");
        assert!(seen.contains(name), "no test sees {name} fire");
    }
}

#[test]
fn every_panel_has_a_source_and_a_question() {
    let sources = yaml("observability/grafana/provisioning/datasources/cinema.yml");
    let source = |value: &Value, uid: &str| (text(value, "/type").to_owned(), text(value, uid).to_owned());
    let provisioned: BTreeSet<_> = list(&sources["datasources"]).iter().map(|each| source(each, "/uid")).collect();
    let dashboards = dashboards();
    let uids: BTreeSet<&str> = dashboards.iter().map(|(_, dashboard)| text(dashboard, "/uid")).collect();
    assert!(uids.len() == dashboards.len() && !uids.contains("") && !uids.is_empty(), "{uids:?}");
    for (file, dashboard) in &dashboards {
        assert!(!text(dashboard, "/title").is_empty(), "{file} has no title");
        let panels = list(&dashboard["panels"]);
        let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64()).collect();
        assert!(!panels.is_empty() && ids.len() == panels.len() && !ids.contains(&None), "{file}: {ids:?}");
        for panel in panels {
            let place = format!("{file}: {}", text(panel, "/title"));
            assert!(!text(panel, "/title").is_empty(), "{file}: panel {} has no title", panel["id"]);
            assert!(!list(&panel["targets"]).is_empty(), "{place} asks nothing");
            for asked in std::iter::once(panel).chain(list(&panel["targets"])) {
                let from = source(&asked["datasource"], "/uid");
                assert!(provisioned.contains(&from), "{place}: {from:?} is not provisioned");
            }
            for target in list(&panel["targets"]) {
                let question = [text(target, "/expr"), text(target, "/rawSql")].concat();
                assert!(!question.trim().is_empty(), "{place}: {} asks nothing", target["refId"]);
            }
        }
        for variable in list(&dashboard["templating"]["list"]).iter().filter(|each| each["type"] == "query") {
            let from = source(&variable["datasource"], "/uid");
            assert!(provisioned.contains(&from), "{file}: {}: {from:?} is not provisioned", variable["name"]);
        }
    }
}

#[test]
fn what_is_asked_of_prometheus_is_recorded() {
    let rules = rules();
    let records: BTreeSet<&str> = rules.iter().map(|rule| text(rule, "/record")).collect();
    let dashboards = dashboards();
    let targets = dashboards
        .iter()
        .flat_map(|(_, dashboard)| list(&dashboard["panels"]))
        .flat_map(|panel| list(&panel["targets"]));
    let expressions = targets.chain(&rules).map(|asked| text(asked, "/expr"));
    let unknown: BTreeSet<_> = expressions.flat_map(recorded).filter(|name| !records.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn what_the_compose_file_mounts_of_the_repository_is_there() {
    let compose = yaml("docker-compose.yml");
    let services = compose["services"].as_object().unwrap();
    let volumes = services.values().flat_map(|service| list(&service["volumes"])).filter_map(Value::as_str);
    let own: Vec<&str> = volumes.filter(|volume| volume.starts_with("./")).collect();
    assert!(own.iter().any(|volume| volume.contains("observability")), "{own:?}");
    for volume in own {
        let source = volume.split(':').next().unwrap();
        assert!(root().join(source).exists(), "{source}");
    }
    let home = text(&compose, "/services/grafana/environment/GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH");
    let file = home.rsplit('/').next().unwrap();
    assert!(root().join("observability/grafana/dashboards").join(file).is_file(), "{home:?}");
}
