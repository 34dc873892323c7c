//! What Terraform plans is what the plan of the functions says, and no policy is wider. `infra-terraform/check` makes the plans and runs these; without
//! them there is nothing to look at.

mod differences;
mod planned;
mod policies;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use laws::{files, root};
use manifest::Plan;
use planned::Planned;

/// Paths of plans as `terraform show -json` prints them.
const PLANS: &str = "CINEMA_TERRAFORM_PLANS";

/// None where Terraform was not run: `infra-terraform/check` says loudly why.
fn plans() -> Vec<(PathBuf, Planned)> {
    let Some(paths) = std::env::var_os(PLANS) else { return Vec::new() };
    std::env::split_paths(&paths).map(|path| (path.clone(), Planned::read(&path))).collect()
}

#[test]
fn terraform_grants_nothing_beyond_what_is_used() {
    for (path, planned) in plans() {
        let faults = policies::faults(&planned);
        assert!(faults.is_empty(), "{}:\n{}", path.display(), faults.join("\n"));
    }
}

#[test]
fn terraform_and_the_plan_hold_the_same() {
    let plan = Plan::read(root()).unwrap_or_else(|error| panic!("{error}"));
    for (path, planned) in plans() {
        if planned.all("aws_lambda_function").next().is_none() {
            continue;
        }
        let found = differences::between(&plan, &planned);
        assert!(found.is_empty(), "{}:\n{}", path.display(), found.join("\n"));
    }
}

#[test]
fn terraform_plans_the_whole_cinema_wherever_plans_are_given() {
    let plans = plans();
    let cinemas = plans.iter().filter(|(_, planned)| planned.all("aws_lambda_function").next().is_some()).count();
    assert!(plans.is_empty() || cinemas >= 1, "{PLANS} names no plan of a cinema");
}

/// The runbooks that a text names by their path.
fn runbooks(text: &str) -> BTreeSet<String> {
    let named = text.split("docs/runbooks/").skip(1).filter_map(|rest| Some(rest.split_once(".md")?.0.to_owned()));
    // A name that Terraform puts in is looked at in its plan.
    named.filter(|name| !name.contains('$')).collect()
}

#[test]
fn every_runbook_that_terraform_names_exists() {
    let mut named = BTreeSet::new();
    for file in files(&root().join("infra-terraform"), "tf") {
        let text = fs::read_to_string(&file).unwrap();
        named.extend(runbooks(&text));
        let of_alarms = text.split("runbook = \"").skip(1).filter_map(|rest| rest.split('"').next());
        named.extend(of_alarms.map(str::to_owned));
    }
    assert!(named.contains("dead-letters") && named.contains("database"), "{named:?}");
    let missing: Vec<_> =
        named.iter().filter(|name| !root().join(format!("docs/runbooks/{name}.md")).is_file()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_alarm_of_terraform_says_what_to_do() {
    for (path, planned) in plans() {
        for kind in ["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"] {
            for alarm in planned.all(kind) {
                let text = alarm.text("/alarm_description");
                let is_part = text.contains("Part of api-burn");
                assert!(is_part || !runbooks(text).is_empty(), "{}: {}: {text:?}", path.display(), alarm.address);
            }
        }
    }
}
