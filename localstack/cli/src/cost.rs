//! What a month of a modelled cinema costs, and what breaks first when it grows: from the plan, what was measured, a table of prices and what is
//! assumed about people. See docs/architecture/0076-cost-model.md.

mod assumption;
mod assumptions;
mod bill;
mod budget;
mod decimal;
mod duration;
mod engine;
mod entry;
mod kind;
mod load;
mod money;
mod peak;
mod price;
mod provision;
mod report;
mod scale;
mod usage;

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;
use manifest::Plan;

use self::{
    assumption::Size, assumptions::Assumptions, bill::Month, duration::Duration, engine::Engines, load::Load,
    peak::Clock, price::Prices, provision::Provision, usage::Usage,
};
use crate::{output, part::Part};

/// The bill.
const BILL: Part = Part { page: "docs/benchmarks.md", source: "`cargo cinema bench cost`" };
/// What breaks first.
const SCALE: Part = Part { page: "docs/scale.md", source: "`cargo cinema bench cost`" };

/// Everything that is known before a size is chosen.
#[derive(Debug)]
struct Model {
    plan: Plan,
    prices: Prices,
    assumptions: Assumptions,
    clock: Clock,
    durations: BTreeMap<String, Duration>,
    /// By environment.
    provisions: BTreeMap<String, Provision>,
}

/// A cinema of one size.
#[derive(Debug)]
struct Cinema {
    size: Size,
    provision: Provision,
    load: Load,
    usage: Usage,
    engines: Engines,
}

impl Model {
    fn load(root: &Path) -> Result<Self> {
        let (plan, assumptions) = (Plan::read(root)?, Assumptions::load(root)?);
        let environments = assumptions.sizes.iter().map(|size| size.environment.clone());
        let provisions = environments.map(|name| Ok((name.clone(), Provision::load(root, &name)?)));
        Ok(Self {
            prices: Prices::load(root)?,
            clock: Clock::of(&assumptions)?,
            durations: duration::durations(root, &plan, &assumptions)?,
            provisions: provisions.collect::<Result<_>>()?,
            plan,
            assumptions,
        })
    }

    fn cinema(&self, size: &Size) -> Result<Cinema> {
        let Self { plan, assumptions, clock, durations, provisions, .. } = self;
        let provision = provisions.get(&size.environment);
        let provision = provision.ok_or_else(|| anyhow::anyhow!("no size.tf of {}", size.environment))?.clone();
        let load = Load::of(plan, assumptions, clock, size)?;
        let usage = Usage::of(plan, assumptions, &load, clock.month_seconds)?;
        let engines = Engines::of(plan, assumptions, clock, &provision, durations, (&load, &usage))?;
        Ok(Cinema { size: size.clone(), provision, load, usage, engines })
    }

    /// Of all sizes, small to large.
    fn cinemas(&self) -> Result<Vec<Cinema>> {
        self.assumptions.sizes.iter().map(|size| self.cinema(size)).collect()
    }

    fn month<'a>(&'a self, cinema: &'a Cinema) -> Month<'a> {
        let Self { plan, prices, assumptions, clock, durations, .. } = self;
        let Cinema { size, provision, load, usage, engines } = cinema;
        Month { plan, prices, assumptions, clock, size, provision, durations, load, usage, engines }
    }
}

/// Prints the bill and what breaks first.
///
/// # Errors
/// With file and name when something of the data is missing or wrong.
pub(crate) fn print(root: &Path, json: bool) -> Result<()> {
    let model = Model::load(root)?;
    let report = report::Report::of(&model)?;
    if json {
        return output::line(serde_json::to_string_pretty(&report)?);
    }
    output::line(format_args!("{}\n{}", report.bill(), report.scale()))
}

/// Writes what is made of the model: costs of calls of new functions, the bill, what breaks first. Says which files changed.
pub(crate) fn write(root: &Path) -> Result<Vec<&'static str>> {
    let model = Model::load(root)?;
    let report = report::Report::of(&model)?;
    let changed = [budget::keep(root, &model)?, BILL.write(root, &report.bill())?, SCALE.write(root, &report.scale())?];
    Ok(changed.into_iter().flatten().collect())
}

/// Refuses functions that have become dearer by more than a fifth, and pages that say something else.
pub(crate) fn check(root: &Path) -> Result<()> {
    let model = Model::load(root)?;
    budget::check(root, &model)?;
    let report = report::Report::of(&model)?;
    BILL.check(root, &report.bill())?;
    SCALE.check(root, &report.scale())
}

#[cfg(test)]
mod tests;
