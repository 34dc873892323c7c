//! What is printed, and stands in the pages.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Context, Result};
use serde::Serialize;

use super::{
    Cinema, Model,
    bill::Bill,
    duration::Origin,
    engine::{Engines, Machines},
    money::grouped,
    peak::MILLI,
    scale::{AtOnce, Bound},
};

/// So many functions are listed.
const LISTED: usize = 10;

/// The bills of all sizes, and the busiest hour of the largest.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    sizes: Vec<Reckoned>,
    /// From where the CPU of how many functions is known.
    functions: BTreeMap<Origin, usize>,
    bounds: Vec<Bound>,
    at_once: Vec<AtOnce>,
}

#[derive(Debug, Serialize)]
struct Reckoned {
    viewers: u128,
    bill: Bill,
    engines: BTreeMap<String, String>,
}

impl Report {
    /// Reckons everything.
    ///
    /// # Errors
    /// With file and name when something of the data is missing or wrong.
    pub(super) fn of(model: &Model) -> Result<Self> {
        let cinemas = model.cinemas()?;
        let largest = model.month(cinemas.last().context("no size is assumed")?);
        let mut functions = BTreeMap::new();
        for duration in model.durations.values() {
            *functions.entry(duration.origin).or_default() += 1;
        }
        let reckoned = |cinema: &Cinema| {
            let (viewers, bill) = (cinema.size.viewers, model.month(cinema).bill()?);
            Ok(Reckoned { viewers, bill, engines: engines(&cinema.engines) })
        };
        Ok(Self {
            sizes: cinemas.iter().map(reckoned).collect::<Result<_>>()?,
            functions,
            bounds: largest.bounds()?,
            at_once: largest.at_once(),
        })
    }

    fn viewers(&self) -> u128 {
        self.sizes.last().map_or(0, |size| size.viewers)
    }

    /// The tables of the bill.
    pub(super) fn bill(&self) -> String {
        format!("{}\n{}\n{}\n{}", self.certainty(), self.groups(), self.engines(), self.dearest())
    }

    /// How much of it was measured.
    fn certainty(&self) -> String {
        let of = |origin| self.functions.get(&origin).copied().unwrap_or_default();
        let all: usize = self.functions.values().sum();
        format!(
            "USD a month at list prices. CPU of the {all} functions: {} measured as shipped, {} by another bench or profile, {} estimated by the \
             median of their kind, {} assumed.\n",
            of(Origin::Measured),
            of(Origin::OtherBench),
            of(Origin::MedianOfKind),
            of(Origin::Assumed)
        )
    }

    fn heading(&self, first: &str) -> String {
        let sizes: Vec<String> = self.sizes.iter().map(|size| format!("{} viewers", grouped(size.viewers))).collect();
        format!("| {first} | {} |\n|---|{}\n", sizes.join(" | "), "---:|".repeat(sizes.len()))
    }

    fn row(&self, name: &str, cell: impl Fn(&Reckoned) -> String) -> String {
        let cells: Vec<String> = self.sizes.iter().map(cell).collect();
        format!("| {name} | {} |\n", cells.join(" | "))
    }

    fn groups(&self) -> String {
        let mut text = self.heading("group");
        let names = self.sizes.first().map(|size| size.bill.groups.iter().map(|group| group.name));
        for (at, name) in names.into_iter().flatten().enumerate() {
            let cost = |size: &Reckoned| size.bill.groups.get(at).map(|group| group.cost.to_string());
            text += &self.row(name, |size| cost(size).unwrap_or_default());
        }
        text += &self.row("**all**", |size| format!("**{}**", size.bill.total));
        text + &self.row("a viewer", |size| size.bill.per_viewer.text(4))
    }

    fn engines(&self) -> String {
        let mut text = self.heading("engines");
        let names = self.sizes.first().map(|size| size.engines.keys());
        for name in names.into_iter().flatten() {
            text += &self.row(name, |size| size.engines.get(name).cloned().unwrap_or_default());
        }
        text
    }

    /// The dearest functions of the largest cinema.
    fn dearest(&self) -> String {
        let mut text = self.heading("Lambda alone, the ten dearest");
        let largest = self.sizes.last().map(|size| size.bill.functions.iter().take(LISTED));
        for function in largest.into_iter().flatten() {
            let name = &function.name;
            text += &self.row(name, |size| {
                let found = size.bill.functions.iter().find(|found| found.name == *name);
                found.map(|found| found.cost.to_string()).unwrap_or_default()
            });
        }
        text
    }

    /// The tables of the busiest hour.
    pub(super) fn scale(&self) -> String {
        let mut text = format!(
            "| what | unit | busiest hour of {} | stands there, or allowed | used up by viewers | next step |\n\
             |---|---|---:|---:|---:|---|\n",
            grouped(self.viewers())
        );
        for bound in &self.bounds {
            let Bound { what, unit, load_milli, limit_milli, viewers, next_step } = bound;
            let (load, limit) = (rounded(*load_milli), rounded(*limit_milli));
            let _ = writeln!(text, "| {what} | {unit} | {load} | {limit} | {} | {next_step} |", significant(*viewers));
        }
        let _ = write!(text, "\n| function | calls/s | calls at once |\n|---|---:|---:|\n");
        for AtOnce { name, calls_milli, at_once_milli } in self.at_once.iter().take(LISTED) {
            let _ = writeln!(text, "| {name} | {} | {} |", rounded(*calls_milli), rounded(*at_once_milli));
        }
        text
    }
}

/// What stands there, in words.
fn engines(engines: &Engines) -> BTreeMap<String, String> {
    let Engines { postgres, redis, search, clickhouse, shards } = engines;
    let words = |machines: &Machines| format!("{} × {}", grouped(machines.number), machines.class);
    let machines = [("Postgres", postgres), ("Redis", redis), ("OpenSearch", search), ("ClickHouse", clickhouse)];
    let machines = machines.map(|(name, machines)| (name.to_owned(), words(machines)));
    let shards = shards.iter().map(|(name, number)| (format!("shards of {name}"), grouped(*number)));
    machines.into_iter().chain(shards).collect()
}

/// Thousandths as a whole number, small ones with a digit behind the point.
fn rounded(milli: u128) -> String {
    if milli >= 10 * MILLI {
        return grouped((milli + MILLI / 2) / MILLI);
    }
    let tenths = (milli + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Two digits: no more of it is known.
fn significant(number: u128) -> String {
    let digits = u32::try_from(number.to_string().len()).unwrap_or(u32::MAX);
    let unit = 10_u128.pow(digits.saturating_sub(2).min(38));
    grouped(number / unit * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_exact_as_they_are_known() {
        assert_eq!([49, 950, 12_345, 1_234_500].map(rounded), ["0.0", "1.0", "12", "1,235"]);
        assert_eq!([7, 42, 1_987, 123_456].map(significant), ["7", "42", "1,900", "120,000"]);
    }
}
