//! What a month of a cinema asks of functions, queues and streams.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use manifest::{
    Access, Plan,
    plan::{Function, Mapping, Source},
};

use super::{
    assumption::{Demand, Size},
    assumptions::{Assumptions, FILE},
    decimal::ONE,
    peak::Clock,
};

/// What a month asks of a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) calls: u128,
    /// Of all calls; a request is one.
    pub(super) items: u128,
}

impl Work {
    /// Rounded up, so that no item is for nothing.
    pub(super) fn items_of_call(self) -> u128 {
        self.items.div_ceil(self.calls.max(1)).max(1)
    }

    fn add(&mut self, calls: u128, items: u128) {
        self.calls += calls;
        self.items += items;
    }
}

/// A month.
#[derive(Debug, Default)]
pub(super) struct Load {
    pub(super) functions: BTreeMap<String, Work>,
    /// Over HTTP.
    pub(super) requests: u128,
    /// By queue, events among them.
    pub(super) messages: BTreeMap<String, u128>,
    /// By stream, and by table for its changes.
    pub(super) records: BTreeMap<String, u128>,
    /// Batches of queues.
    pub(super) queue_batches: u128,
}

impl Load {
    /// Reckons a cinema's month.
    ///
    /// # Errors
    /// When a demand names what the plan does not have, or a schedule is of a form that is not known.
    pub(super) fn of(plan: &Plan, assumptions: &Assumptions, clock: &Clock, size: &Size) -> Result<Self> {
        let mut load = Self::default();
        load.fill(plan, assumptions, size)?;
        for (name, function) in &plan.functions {
            let mut work = Work::default();
            for schedule in &function.schedules {
                let runs = runs(schedule, clock).with_context(|| name.clone())?;
                work.add(runs, runs);
            }
            for mapping in &function.mappings {
                let (calls, items) = load.batches(mapping, clock)?;
                work.add(calls, items);
                if matches!(mapping.source, Source::Queue(_)) {
                    load.queue_batches += calls;
                }
            }
            let asked = load.asked(name, function, assumptions, size)?;
            work.add(asked, asked);
            if !function.routes.is_empty() {
                load.requests += asked;
            }
            work.items += of(&assumptions.work, name, assumptions, size).unwrap_or_default();
            load.functions.insert(name.clone(), work);
        }
        Ok(load)
    }

    /// Events, messages and records, before anybody takes them.
    fn fill(&mut self, plan: &Plan, assumptions: &Assumptions, size: &Size) -> Result<()> {
        check(&assumptions.calls, "calls", |name| plan.functions.contains_key(name))?;
        check(&assumptions.work, "work", |name| plan.functions.contains_key(name))?;
        for name in assumptions.asking() {
            ensure!(plan.functions.contains_key(name), "{FILE}: stores: there is no `{name}`");
        }
        check(&assumptions.events, "events", |name| plan.events.contains_key(name))?;
        check(&assumptions.messages, "messages", |name| plan.queues.contains_key(name))?;
        let carries = |name: &str| plan.streams.contains_key(name) || plan.tables.contains_key(name);
        check(&assumptions.records, "records", carries)?;
        let rare = assumptions.count("rare", size)?;
        for (event, queues) in &plan.events {
            let count = of(&assumptions.events, event, assumptions, size).unwrap_or(rare);
            *self.records.entry("domain-events".to_owned()).or_default() += count;
            for queue in queues {
                *self.messages.entry(queue.clone()).or_default() += count;
            }
        }
        for (names, counts) in [(&assumptions.messages, &mut self.messages), (&assumptions.records, &mut self.records)]
        {
            for demand in names {
                for name in &demand.of {
                    *counts.entry(name.clone()).or_default() += assumptions.demanded(demand, size);
                }
            }
        }
        Ok(())
    }

    /// Calls over HTTP and by objects. What nobody speaks of is seldom called, an editor's function with each upload.
    fn asked(&self, name: &str, function: &Function, assumptions: &Assumptions, size: &Size) -> Result<u128> {
        let is_asked = !function.routes.is_empty() || !function.objects_created.is_empty();
        if let Some(calls) = of(&assumptions.calls, name, assumptions, size) {
            ensure!(is_asked, "{FILE}: calls: nobody can call {name}");
            return Ok(calls);
        }
        let is_editors = function.routes.iter().any(|route| matches!(route.access, Access::Role(_)));
        match (is_asked, is_editors) {
            (false, _) => Ok(0),
            (true, true) => assumptions.count("editing", size),
            (true, false) => assumptions.count("rare", size),
        }
    }

    /// Calls of a mapping and what they take.
    fn batches(&self, mapping: &Mapping, clock: &Clock) -> Result<(u128, u128)> {
        let (items, pollers) = match &mapping.source {
            Source::Queue(queue) => (self.messages.get(queue), clock.pollers),
            Source::Stream(name) | Source::Changes(name) => {
                let records = self.records.get(name);
                (records, clock.pollers_of_stream(records.copied().unwrap_or_default()))
            }
        };
        let items = items.copied().unwrap_or_default();
        // What comes while a poller waits.
        let gathered_us = clock.poll_us + u128::from(mapping.window_seconds) * ONE;
        let gathered = (items * gathered_us).div_ceil(clock.month_seconds * ONE * pollers.max(1));
        let batch = gathered.clamp(1, u128::from(mapping.batch));
        Ok((items.div_ceil(batch), items))
    }
}

/// What all demands for a name come to; `None` if there is none.
fn of(demands: &[Demand], name: &str, assumptions: &Assumptions, size: &Size) -> Option<u128> {
    let named = demands.iter().filter(|demand| demand.of.iter().any(|of| of == name));
    named.map(|demand| assumptions.demanded(demand, size)).reduce(|sum, count| sum + count)
}

fn check(demands: &[Demand], section: &str, exists: impl Fn(&str) -> bool) -> Result<()> {
    let mut names = demands.iter().flat_map(|demand| &demand.of);
    match names.find(|name| !exists(name)) {
        Some(name) => bail!("{FILE}: {section}: there is no `{name}`"),
        None => Ok(()),
    }
}

/// How often a schedule runs in a month. Of `cron` only what runs daily is known.
fn runs(schedule: &str, clock: &Clock) -> Result<u128> {
    let unknown = || format!("the schedule `{schedule}` is of a form that is not known");
    let words: Vec<&str> = schedule.trim_end_matches(')').split(['(', ' ']).collect();
    let every = match words.as_slice() {
        ["rate", number, unit] => {
            let number: u128 = number.parse().with_context(unknown)?;
            let seconds = match unit.trim_end_matches('s') {
                "minute" => 60,
                "hour" => 3_600,
                "day" => 86_400,
                _ => bail!(unknown()),
            };
            number * seconds
        }
        ["cron", minute, hour, "*", "*", "?", "*"] => {
            let is_once = [minute, hour].iter().all(|at| at.parse::<u8>().is_ok());
            ensure!(is_once, unknown());
            86_400
        }
        _ => bail!(unknown()),
    };
    Ok(clock.month_seconds / every.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_run_as_often_as_they_say() {
        let clock = Clock::of_hours(730);
        for (schedule, times) in
            [("rate(1 minute)", 43_800), ("rate(15 minutes)", 2_920), ("rate(7 days)", 4), ("cron(20 3 * * ? *)", 30)]
        {
            assert_eq!(runs(schedule, &clock).unwrap(), times, "{schedule}");
        }
        for unknown in ["rate(1 week)", "cron(0/5 * * * ? *)", "at(2026-01-01T00:00:00)", ""] {
            let error = runs(unknown, &clock).unwrap_err().to_string();
            assert!(error.contains(unknown), "{error}");
        }
    }

    #[test]
    fn items_of_a_call_are_rounded_up() {
        assert_eq!(Work { calls: 3, items: 10 }.items_of_call(), 4);
        assert_eq!(Work { calls: 0, items: 0 }.items_of_call(), 1);
    }
}
