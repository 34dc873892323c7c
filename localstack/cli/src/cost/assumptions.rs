//! What is assumed and not measured: `docs/benchmarks/assumptions.json`.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{
    assumption::{Activity, Asked, Demand, KindProcessor, Limit, Processor, Quantity, Rung, Size},
    decimal::{Factor, ONE},
    entry::{document, entries, list},
};

/// Where they are.
pub(super) const FILE: &str = "docs/benchmarks/assumptions.json";
/// What a demand may be for each of besides activities.
const SIZE_FIELDS: [&str; 3] = ["viewers", "titles", "uploads"];

/// All of them.
#[derive(Debug)]
pub(super) struct Assumptions {
    /// The cinemas that are reckoned, small to large.
    pub(super) sizes: Vec<Size>,
    /// What people do, by name.
    activities: BTreeMap<String, Activity>,
    /// How often functions are called over HTTP or by an object.
    pub(super) calls: Vec<Demand>,
    /// How many events of a type there are.
    pub(super) events: Vec<Demand>,
    /// What queues get besides events.
    pub(super) messages: Vec<Demand>,
    /// What streams and changes of tables carry besides events.
    pub(super) records: Vec<Demand>,
    /// What functions of a schedule find to do.
    pub(super) work: Vec<Demand>,
    /// What functions ask of engines, where it is something else than usual.
    stores: Vec<Asked>,
    /// CPU of functions that was measured in another way than by `bench cold`.
    pub(super) processor: Vec<Processor>,
    /// CPU of kinds of which nothing was measured.
    pub(super) kinds: Vec<KindProcessor>,
    values: BTreeMap<String, Quantity>,
    ladders: BTreeMap<String, Vec<Rung>>,
    limits: Vec<Limit>,
}

impl Assumptions {
    /// Reads the file.
    ///
    /// # Errors
    /// With the file and the name, when something has no reason, is no number or is for each of nothing.
    pub(super) fn load(root: &Path) -> Result<Self> {
        Self::parse(document(root, FILE)?)
    }

    pub(super) fn parse(mut file: Value) -> Result<Self> {
        let file = &mut file;
        let assumptions = Self {
            sizes: list(FILE, file, "sizes")?,
            activities: entries(FILE, file, "activities")?,
            calls: list(FILE, file, "calls")?,
            events: list(FILE, file, "events")?,
            messages: list(FILE, file, "messages")?,
            records: list(FILE, file, "records")?,
            work: list(FILE, file, "work")?,
            stores: list(FILE, file, "stores")?,
            processor: list(FILE, file, "processor")?,
            kinds: list(FILE, file, "kinds")?,
            values: entries(FILE, file, "values")?,
            ladders: entries(FILE, file, "ladders")?,
            limits: list(FILE, file, "limits")?,
        };
        for (name, has_reason) in assumptions.reasons() {
            ensure!(has_reason, "{FILE}: {name} has no reason");
        }
        for demand in assumptions.demands() {
            assumptions.check_each(&demand.each)?;
        }
        for activity in assumptions.activities.values() {
            assumptions.check_each(&activity.each)?;
        }
        Ok(assumptions)
    }

    /// Everything that must say why, and whether it does.
    fn reasons(&self) -> Vec<(String, bool)> {
        let says = |text: &str| !text.trim().is_empty();
        let mut all: Vec<(String, bool)> = Vec::new();
        all.extend(self.sizes.iter().map(|size| (format!("sizes: {}", size.viewers), says(&size.reason))));
        all.extend(self.activities.iter().map(|(name, activity)| (name.clone(), says(&activity.reason))));
        all.extend(self.demands().map(|demand| (demand.of.join(" "), says(&demand.reason))));
        all.extend(self.stores.iter().map(|asked| (asked.of.join(" "), says(&asked.reason))));
        all.extend(self.processor.iter().map(|found| (found.function.clone(), says(&found.source))));
        all.extend(self.kinds.iter().map(|kind| (format!("{:?}", kind.kind), says(&kind.reason))));
        let quantity = |found: &Quantity| says(&found.reason) && says(&found.unit);
        all.extend(self.values.iter().map(|(name, found)| (name.clone(), quantity(found))));
        all.extend(self.ladders.values().flatten().map(|rung| (rung.class.clone(), says(&rung.reason))));
        all.extend(self.limits.iter().map(|limit| (limit.limit.clone(), says(&limit.reason))));
        all
    }

    /// Demands of all sections.
    pub(super) fn demands(&self) -> impl Iterator<Item = &Demand> {
        [&self.calls, &self.events, &self.messages, &self.records, &self.work].into_iter().flatten()
    }

    fn check_each(&self, each: &str) -> Result<()> {
        let mut each = each;
        for _ in 0..=self.activities.len() {
            if SIZE_FIELDS.contains(&each) {
                return Ok(());
            }
            let activity = self.activities.get(each);
            each = &activity.with_context(|| format!("{FILE}: activities: there is no `{each}`"))?.each;
        }
        anyhow::bail!("{FILE}: activities: `{each}` is for each of itself")
    }

    /// How often something is done in a month.
    pub(super) fn count(&self, each: &str, size: &Size) -> Result<u128> {
        self.check_each(each)?;
        Ok(self.millionths(each, size) / ONE)
    }

    /// In millionths, so that a part of a part is no nothing.
    fn millionths(&self, each: &str, size: &Size) -> u128 {
        match each {
            "viewers" => size.viewers * ONE,
            "titles" => size.titles * ONE,
            "uploads" => size.uploads * ONE,
            _ => self
                .activities
                .get(each)
                .map_or(0, |activity| activity.times.times(self.millionths(&activity.each, size))),
        }
    }

    /// How often something of a demand happens in a month.
    pub(super) fn demanded(&self, demand: &Demand, size: &Size) -> u128 {
        demand.times.times(self.millionths(&demand.each, size)) / ONE
    }

    /// Functions that ask something else than usual of engines.
    pub(super) fn asking(&self) -> impl Iterator<Item = &str> {
        self.stores.iter().flat_map(|asked| &asked.of).map(String::as_str)
    }

    /// What a function asks of engines, if it is something else than usual.
    pub(super) fn asked(&self, function: &str) -> Option<&Asked> {
        self.stores.iter().find(|asked| asked.of.iter().any(|of| of == function))
    }

    /// A value by name.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn value(&self, name: &str) -> Result<Factor> {
        let found = self.values.get(name).with_context(|| format!("{FILE}: values: there is no `{name}`"))?;
        Ok(found.value)
    }

    /// A limit by name.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn limit(&self, name: &str) -> Result<&Limit> {
        let found = self.limits.iter().find(|limit| limit.limit == name);
        found.with_context(|| format!("{FILE}: limits: there is no `{name}`"))
    }

    /// Classes of an engine, small to large, from one on.
    ///
    /// # Errors
    /// When the engine or its class is not known.
    pub(super) fn ladder(&self, engine: &str, class: &str) -> Result<&[Rung]> {
        let rungs = self.ladders.get(engine).with_context(|| format!("{FILE}: ladders: there is no `{engine}`"))?;
        let at = rungs.iter().position(|rung| rung.class == class);
        let at = at.with_context(|| format!("{FILE}: ladders: {engine}: there is no `{class}`"))?;
        Ok(&rungs[at..])
    }

    /// Names of all values.
    #[cfg(test)]
    pub(super) fn value_names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}
