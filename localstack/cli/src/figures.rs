//! What `cargo cinema bench cold` measured: `docs/benchmarks/functions.json`, and the tables that are made of it in `docs/benchmarks.md`.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result};
use manifest::Manifest;
use serde::{Deserialize, Serialize};

pub mod budget;

use crate::part::Part;
use budget::Class;

/// Where the tables stand.
const TABLES: Part = Part { page: "docs/benchmarks.md", source: "benchmarks/functions.json" };

/// What was measured of functions that were built with one profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The cargo profile.
    pub profile: String,
    /// By name of the function.
    pub functions: BTreeMap<String, Measured>,
}

/// What was measured of a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// By which it is judged.
    pub class: Class,
    /// Bytes of the program, stripped.
    pub size_bytes: u64,
    /// CPU until it asks for work, connecting excluded.
    pub init_cpu_ms: f64,
    /// What accepted requests cost.
    pub calls: Calls,
}

/// What accepted requests cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Calls {
    /// It answered all of them.
    Answered {
        /// CPU of a warm call: the median of some rounds.
        cpu_ms: f64,
        /// Most memory that was ever resident.
        high_water_mib: f64,
    },
    /// Why there is no request that it accepts again and again.
    None(String),
}

impl Measured {
    fn size_mb(&self) -> f64 {
        self.size_bytes as f64 / 1e6
    }

    fn cpu_ms(&self) -> Option<f64> {
        match self.calls {
            Calls::Answered { cpu_ms, .. } => Some(cpu_ms),
            Calls::None(_) => None,
        }
    }

    fn high_water_mib(&self) -> Option<f64> {
        match self.calls {
            Calls::Answered { high_water_mib, .. } => Some(high_water_mib),
            Calls::None(_) => None,
        }
    }
}

impl Figures {
    /// Where they are kept.
    pub const FILE: &str = "docs/benchmarks/functions.json";

    pub(crate) fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join(Figures::FILE)).context(Figures::FILE)?;
        serde_json::from_str(&text).context(Figures::FILE)
    }

    /// Puts them into the file, over older ones of the same profile, and into the page. Functions that are gone go.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn record(mut self, root: &Path, manifest: &Manifest) -> Result<()> {
        if let Ok(older) = Self::read(root)
            && older.profile == self.profile
        {
            for (name, measured) in older.functions {
                self.functions.entry(name).or_insert(measured);
            }
        }
        self.functions.retain(|name, _| manifest.function(name).is_some());
        let text = serde_json::to_string_pretty(&self)? + "\n";
        fs::write(root.join(Figures::FILE), text).context(Figures::FILE)?;
        write(root).map(drop)
    }

    /// One line for each function.
    pub fn table(&self) -> String {
        let mut text = "| function | size MB | INIT CPU ms | CPU ms of a call | most memory MiB | budget of |\n\
                        |---|---|---|---|---|---|\n"
            .to_owned();
        for (name, measured) in &self.functions {
            let (size, init) = (measured.size_mb(), measured.init_cpu_ms);
            let cpu = measured.cpu_ms().map_or("–".to_owned(), |cpu| format!("{cpu:.2}"));
            let memory = measured.high_water_mib().map_or("–".to_owned(), |mib| format!("{mib:.1}"));
            let class = measured.class.name();
            let _ = writeln!(text, "| {name} | {size:.2} | {init:.2} | {cpu} | {memory} | {class} |");
        }
        text
    }

    /// Median and most of each class.
    fn summary(&self) -> String {
        let mut classes: BTreeMap<Class, Vec<&Measured>> = BTreeMap::new();
        for measured in self.functions.values() {
            classes.entry(measured.class).or_default().push(measured);
        }
        let mut text = "| budget of | functions | size MB (budget) | INIT CPU ms (budget) | CPU ms of a call | most memory MiB |\n\
                        |---|---|---|---|---|---|\n"
            .to_owned();
        for (class, all) in classes {
            let of = |figure: fn(&Measured) -> Option<f64>| median_and_most(all.iter().copied().filter_map(figure));
            let size = of(|measured| Some(measured.size_mb()));
            let init = of(|measured| Some(measured.init_cpu_ms));
            let (cpu, memory) = (of(Measured::cpu_ms), of(Measured::high_water_mib));
            let _ = writeln!(
                text,
                "| {} | {} | {size} ({}) | {init} ({}) | {cpu} | {memory} |",
                class.name(),
                all.len(),
                class.size_mb(),
                class.init_ms()
            );
        }
        text
    }

    /// Why some have no calls: the reasons, each with its functions.
    fn without_calls(&self) -> String {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, measured) in &self.functions {
            if let Calls::None(reason) = &measured.calls {
                reasons.entry(reason).or_default().push(name);
            }
        }
        let lines = reasons.iter().map(|(reason, names)| format!("- {reason}: {}\n", names.join(", ")));
        lines.collect()
    }

    /// The tables of the page.
    fn text(&self) -> String {
        let mut text = format!(
            "{} functions of profile `{}`, median / most:\n\n{}\n",
            self.functions.len(),
            self.profile,
            self.summary()
        );
        let without = self.without_calls();
        if !without.is_empty() {
            let _ = write!(text, "Without a request that is accepted again and again, marked –:\n\n{without}\n");
        }
        let _ = write!(text, "<details><summary>Each function</summary>\n\n{}\n</details>\n", self.table());
        text
    }
}

fn median_and_most(values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.last() {
        Some(most) => format!("{:.2} / {most:.2}", values[values.len() / 2]),
        None => "–".to_owned(),
    }
}

/// Writes the tables into the page; says which file changed.
pub(crate) fn write(root: &Path) -> Result<Option<&'static str>> {
    TABLES.write(root, &Figures::read(root)?.text())
}

/// Refuses a page whose tables are not those of the file.
pub(crate) fn check(root: &Path) -> Result<()> {
    TABLES.check(root, &Figures::read(root)?.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let answered = |cpu_ms| Calls::Answered { cpu_ms, high_water_mib: 5.5 };
        let measured = |calls| Measured { class: Class::Postgres, size_bytes: 4_340_000, init_cpu_ms: 2.5, calls };
        let functions = [
            ("catalog-get-title", answered(0.12)),
            ("catalog-list-genres", answered(0.5)),
            ("catalog-list-titles", answered(0.2)),
            ("user-delete-profile", Calls::None("once per profile".to_owned())),
        ];
        let functions = functions.map(|(name, calls)| (name.to_owned(), measured(calls)));
        Figures { profile: "lambda".to_owned(), functions: functions.into() }
    }

    /// With `CINEMA_GENERATE` in the environment the page is written first.
    #[test]
    fn the_page_shows_the_figures_of_the_file() {
        let root = crate::root().unwrap();
        if std::env::var_os("CINEMA_GENERATE").is_some() {
            write(&root).unwrap_or_else(|error| panic!("{error:#}"));
        }
        check(&root).unwrap_or_else(|error| panic!("{error:#}"));
    }

    #[test]
    fn the_tables_say_what_was_measured_and_what_was_not() {
        let text = figures().text();
        for line in [
            "4 functions of profile `lambda`, median / most:",
            "| Postgres | 4 | 4.34 / 4.34 (4.5) | 2.50 / 2.50 (3) | 0.20 / 0.50 | 5.50 / 5.50 |",
            "- once per profile: user-delete-profile",
            "| catalog-get-title | 4.34 | 2.50 | 0.12 | 5.5 | Postgres |",
            "| user-delete-profile | 4.34 | 2.50 | – | – | Postgres |",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn figures_survive_their_file() {
        let text = serde_json::to_string_pretty(&figures()).unwrap();
        assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), figures());
    }

    #[test]
    fn newer_figures_replace_their_own_and_what_is_gone_goes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("docs/benchmarks")).unwrap();
        let lines = "<!-- from benchmarks/functions.json -->\n<!-- end of benchmarks/functions.json -->\n";
        fs::write(root.join(TABLES.page), lines).unwrap();
        let mut older = figures();
        let gone = older.functions["catalog-get-title"].clone();
        older.functions.insert("catalog-show-nothing".to_owned(), gone);
        let manifest = Manifest::load(&crate::root().unwrap()).unwrap();
        fs::write(root.join(Figures::FILE), serde_json::to_string(&older).unwrap()).unwrap();

        let mut newer = figures();
        newer.functions.retain(|name, _| name == "catalog-get-title");
        newer.functions.get_mut("catalog-get-title").unwrap().size_bytes = 1_000_000;
        newer.clone().record(root, &manifest).unwrap();
        let recorded = Figures::read(root).unwrap();
        let mut expected = figures();
        expected.functions.get_mut("catalog-get-title").unwrap().size_bytes = 1_000_000;
        assert_eq!(recorded, expected);
        check(root).unwrap();

        // Figures of another profile say nothing about this one.
        newer.profile = "release".to_owned();
        newer.clone().record(root, &manifest).unwrap();
        assert_eq!(Figures::read(root).unwrap(), newer);
    }
}
