//! What a million calls of a function may cost: `docs/benchmarks/costs.json`.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};
use manifest::plan::Function;
use serde::Serialize;

use super::{
    Model, decimal,
    entry::{document, entries},
    money::{self, Money},
};

const FILE: &str = "docs/benchmarks/costs.json";
const MILLION: u128 = 1_000_000;
/// A cost may grow by a fifth before somebody must say that it is meant.
const MOST_PERCENT: u128 = 120;
/// Digits of a dollar that are kept.
const DIGITS: u32 = 4;

#[derive(Serialize)]
struct Document {
    about: &'static str,
    usd_of_a_million_calls: BTreeMap<String, String>,
}

/// Requests and time of a million calls of each function; of a consumer with full batches.
pub(super) fn costs(model: &Model) -> Result<BTreeMap<String, Money>> {
    let cost = |(name, function): (&String, &Function)| {
        let duration = model.durations.get(name).with_context(|| format!("{name} has no duration"))?;
        let batch = function.mappings.iter().map(|mapping| u128::from(mapping.batch)).max().unwrap_or(1);
        let seconds = model.prices.cost("lambda.arm64", duration.memory_time(MILLION, batch))?;
        let parts = [model.prices.cost("lambda.request", MILLION)?, seconds];
        Ok((name.clone(), parts.into_iter().sum()))
    };
    model.plan.functions.iter().map(cost).collect()
}

/// Keeps what calls of new functions cost, and forgets those that are gone; says which file changed.
pub(super) fn keep(root: &Path, model: &Model) -> Result<Option<&'static str>> {
    let kept = if root.join(FILE).is_file() { kept(root)? } else { BTreeMap::new() };
    let now = costs(model)?;
    let cost = |(name, now): (String, Money)| {
        let cost = kept.get(&name).copied().unwrap_or(now);
        (name, cost)
    };
    put(root, now.into_iter().map(cost))
}

/// Keeps what all calls cost now: a growth that is meant.
#[cfg(test)]
pub(super) fn accept(root: &Path, model: &Model) -> Result<Option<&'static str>> {
    put(root, costs(model)?.into_iter())
}

fn put(root: &Path, costs: impl Iterator<Item = (String, Money)>) -> Result<Option<&'static str>> {
    let usd_of_a_million_calls = costs.map(|(name, cost)| (name, cost.text(DIGITS).replace(',', ""))).collect();
    let about = "Lambda's requests and GB-seconds, generated from functions/plan.json, functions.json, prices.json and assumptions.json. \
                 A test refuses what is more than a fifth above; CINEMA_GENERATE=1 in its environment accepts it.";
    let text = serde_json::to_string_pretty(&Document { about, usd_of_a_million_calls })? + "\n";
    if fs::read_to_string(root.join(FILE)).is_ok_and(|kept| kept == text) {
        return Ok(None);
    }
    fs::write(root.join(FILE), text).context(FILE)?;
    Ok(Some(FILE))
}

fn kept(root: &Path) -> Result<BTreeMap<String, Money>> {
    let kept: BTreeMap<String, String> = entries(FILE, &mut document(root, FILE)?, "usd_of_a_million_calls")?;
    let amount = |(name, usd): (String, String)| {
        let amount = decimal::parse(&usd, money::DIGITS).with_context(|| format!("{FILE}: {name}"))?;
        Ok((name, Money::of_picodollars(amount)))
    };
    kept.into_iter().map(amount).collect()
}

/// Refuses functions whose calls cost more than a fifth above what is kept.
///
/// # Errors
/// With every function that does, or of which nothing is kept.
pub(super) fn check(root: &Path, model: &Model) -> Result<()> {
    let faults = faults(&kept(root)?, &costs(model)?);
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{FILE}: {}; the test accepts it with CINEMA_GENERATE=1 in its environment", faults.join("; "))
}

/// What is not as it was kept.
fn faults(kept: &BTreeMap<String, Money>, now: &BTreeMap<String, Money>) -> Vec<String> {
    let of_now = now.iter().filter_map(|(name, now)| {
        let Some(kept) = kept.get(name) else { return Some(format!("{name} is missing")) };
        let is_dearer = now.picodollars() * 100 > kept.picodollars() * MOST_PERCENT;
        let (now, kept) = (now.text(DIGITS), kept.text(DIGITS));
        is_dearer.then(|| format!("a million calls of {name} cost {now} USD instead of {kept}"))
    });
    let gone = kept.keys().filter(|name| !now.contains_key(*name)).map(|name| format!("there is no function {name}"));
    of_now.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(costs: &[(&str, u128)]) -> BTreeMap<String, Money> {
        costs.iter().map(|(name, cents)| ((*name).to_owned(), Money::of_picodollars(cents * 10_000_000_000))).collect()
    }

    #[test]
    fn a_fifth_more_is_let_pass_and_a_little_above_is_not() {
        let kept = of(&[("a", 100), ("b", 100), ("c", 100), ("gone", 1)]);
        let now = of(&[("a", 120), ("b", 121), ("c", 1), ("new", 1)]);
        let expected =
            ["a million calls of b cost 1.2100 USD instead of 1.0000", "new is missing", "there is no function gone"];
        assert_eq!(faults(&kept, &now), expected);
        assert!(faults(&now, &now).is_empty());
    }
}
