//! `cargo cinema bench`: the figures of `docs/benchmarks.md`.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};

use engines::{Home, Mode, Options, packages::Component, progress::Progress};
use manifest::Manifest;

use crate::{
    cargo::{build, cargo, target, without_tools},
    cost, names, output,
    platform::Platform,
    scratch::Scratch,
    variables::variables,
};

/// With which functions are built that are shipped.
const SHIPPED: &str = "lambda";
/// With which tests and the local platform are built.
const UNSHIPPED: &str = "release";
/// What `bench search` measures.
const SEARCHED_FUNCTIONS: [&str; 5] =
    ["catalog-get-title", "catalog-list-titles", "search-index-title", "search-suggest", "search-titles"];
/// What people wait for.
const HOT_FUNCTIONS: [&str; 7] = [
    "auth-log-in",
    "auth-refresh-session",
    "catalog-get-title",
    "catalog-list-titles",
    "platform-get-health",
    "search-titles",
    "streaming-start-session",
];
/// Where a call of these spends its time.
const HOT_CRATES: [&str; 19] = [
    "axum",
    "axum-core",
    "bytes",
    "http",
    "http-body-util",
    "httparse",
    "hyper",
    "hyper-util",
    "itoa",
    "lambda_http",
    "lambda_runtime",
    "memchr",
    "ring",
    "serde_json",
    "sqlx-core",
    "sqlx-postgres",
    "time",
    "tokio",
    "tower",
];

/// What to measure.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Size, INIT CPU, CPU of accepted requests and memory of every function, built as it is shipped: an hour of linking on two cores
    Cold {
        /// Only these functions
        functions: Vec<String>,
        /// Built with another profile; only figures of the shipped one are kept
        #[arg(long, default_value = SHIPPED)]
        profile: String,
        /// The same as `--profile release`
        #[arg(long, conflicts_with = "profile")]
        release: bool,
    },
    /// The same for seven functions and each of some optimisation levels
    Profiles,
    /// CPU and bytes of the chunked encode against one ffmpeg
    Transcode,
    /// Films as people have them through the pipeline, and what is lost of each; not in CI
    Films {
        /// A folder with a file `<case>.<ending>` for each case; what the films must carry is in functions/media/examples/films/main.rs
        #[arg(long)]
        inputs: PathBuf,
        /// Only these cases
        cases: Vec<String>,
    },
    /// Logins and refreshes per CPU-second
    Auth,
    /// Notices of a payment provider until they are kept, renewals and rendered mails per CPU-second
    Billing,
    /// Playback events per CPU-second through analytics-ingest, and bytes per event
    Ingest,
    /// Indexing, searches, suggestions, lists and single titles of a catalogue of 5,000
    Search {
        /// Only these; filling the catalogue takes minutes
        parts: Vec<SearchPart>,
        /// How the measured functions are built: `lambda` is what is shipped, and links for minutes
        #[arg(long, default_value = UNSHIPPED)]
        profile: String,
    },
    /// What a month of a modelled cinema costs at some sizes, and what breaks first in its busiest hour; starts nothing
    Cost {
        /// For scripts
        #[arg(long)]
        json: bool,
    },
    /// Compares the models on people with planted tastes; or learns from rows `user_id,item_id[,timestamp]` and writes `user_id,item_id,rank` for everybody
    /// in a second file
    Recommender(Recommender),
}

/// Files, all three, or how many people and titles are made up.
#[derive(clap::Args)]
struct Recommender {
    /// What is learnt from
    #[arg(long, requires_all = ["fold_in", "out"])]
    train: Option<PathBuf>,
    /// What is known of those who get a list
    #[arg(long, requires = "train")]
    fold_in: Option<PathBuf>,
    /// Where the lists go
    #[arg(long, requires = "train")]
    out: Option<PathBuf>,
    /// Titles; EASE takes part up to 8,000
    #[arg(long, default_value_t = 4_000)]
    titles: u32,
    /// People
    #[arg(long, default_value_t = 20_000)]
    people: u32,
    /// How often each of them chooses a title
    #[arg(long, default_value_t = 40)]
    each: u32,
}

/// What `bench search` consists of.
#[derive(Clone, Copy, clap::ValueEnum)]
enum SearchPart {
    /// Indexing, searches and suggestions
    Search,
    /// Lists and single titles
    Catalog,
}

impl SearchPart {
    fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Catalog => "catalog",
        }
    }
}

pub(super) async fn run(root: &Path, home: Home, arguments: Arguments, progress: &Progress) -> Result<()> {
    if let What::Cold { functions, .. } = &arguments.what {
        names::check(root, functions.iter().map(String::as_str))?;
    }
    if let What::Films { inputs, .. } = &arguments.what {
        ensure!(inputs.is_dir(), "{} is not a folder", inputs.display());
    }
    if let What::Cost { json } = arguments.what {
        return cost::print(root, json);
    }
    // Needs no engine.
    if let What::Recommender(asked) = &arguments.what {
        return recommender(root, asked).await;
    }
    let scratch = Scratch::new(&home).await?;
    let outcome = measure(root, scratch.home().clone(), arguments, progress).await;
    scratch.end().await?;
    outcome
}

async fn measure(root: &Path, home: Home, arguments: Arguments, progress: &Progress) -> Result<()> {
    let components = vec![Component::Ffmpeg, Component::Tools];
    let options = Options { mode: Mode::Packages, throw_away: true, components, ..Options::default() };
    let platform = Platform::start(root, home, options, progress).await?;
    let environment = variables(&platform);
    if !matches!(arguments.what, What::Transcode | What::Films { .. }) {
        // What is measured is asked about data that these programs have made.
        build(root, progress).await?;
    }
    match arguments.what {
        What::Cold { functions, profile, release } => {
            let profile = if release { UNSHIPPED.to_owned() } else { profile };
            let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
            let programs = programs(root, &profile, &functions).await?;
            cold(root, &programs, &profile, &functions, &environment).await
        }
        What::Profiles => {
            let folder = target(root).join("profiles");
            let folder_name = folder.to_string_lossy();
            let manifest = Manifest::load(root)?;
            for (name, settings) in variants(&manifest.services()) {
                let mut build = building(SHIPPED, &HOT_FUNCTIONS);
                build.extend(settings.iter().flat_map(|setting| ["--config", setting]));
                build.extend(["--target-dir", &folder_name]);
                run_cargo(root, &build, &[]).await?;
                output::line(format_args!("\n{name}\n"))?;
                cold(root, &folder.join(SHIPPED), "another", &HOT_FUNCTIONS, &environment).await?;
            }
            Ok(())
        }
        What::Films { inputs, cases } => {
            let inputs =
                std::fs::canonicalize(&inputs).with_context(|| format!("{} cannot be read", inputs.display()))?;
            let inputs = inputs.to_string_lossy();
            let films = ["run", "--quiet", "--release", "--example", "films", "--", &inputs];
            let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
            run_cargo(root, &[&films, cases.as_slice()].concat(), &environment).await
        }
        What::Ingest => run_cargo(root, &["run", "--quiet", "--release", "--example", "ingest"], &environment).await,
        What::Billing => {
            for example in ["billing", "mails"] {
                run_cargo(root, &["run", "--quiet", "--release", "--example", example], &environment).await?;
            }
            Ok(())
        }
        What::Search { parts, profile } => {
            let programs = programs(root, &profile, &SEARCHED_FUNCTIONS).await?;
            let programs = programs.to_string_lossy();
            let search = ["run", "--quiet", "--release", "--example", "search", "--", &programs];
            let parts: Vec<&str> = parts.into_iter().map(SearchPart::as_str).collect();
            run_cargo(root, &[&search, parts.as_slice()].concat(), &environment).await
        }
        What::Auth => run_cargo(root, &["run", "--quiet", "--release", "--example", "auth"], &environment).await,
        What::Transcode => {
            run_cargo(root, &["run", "--quiet", "--release", "--example", "transcode"], &environment).await
        }
        What::Cost { json } => cost::print(root, json),
        What::Recommender(asked) => recommender(root, &asked).await,
    }
}

/// Where cargo runs is the repository: paths that are relative to where the person is are made absolute.
async fn recommender(root: &Path, asked: &Recommender) -> Result<()> {
    let mut arguments: Vec<String> =
        ["run", "--quiet", "--release", "--example", "recommender", "--"].map(str::to_owned).into();
    if let (Some(train), Some(fold_in), Some(out)) = (&asked.train, &asked.fold_in, &asked.out) {
        for file in [train, fold_in, out] {
            let absolute = std::path::absolute(file).with_context(|| format!("{}: no path", file.display()))?;
            arguments.push(absolute.to_string_lossy().into_owned());
        }
    } else {
        arguments.push("generated".to_owned());
        arguments.extend([asked.titles, asked.people, asked.each].map(|count| count.to_string()));
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run_cargo(root, &arguments, &[]).await
}

/// The build of some functions, of all if there are none.
fn building<'a>(profile: &'a str, functions: &[&'a str]) -> Vec<&'a str> {
    let mut build = vec!["build", "--profile", profile, "--workspace"];
    build.extend(without_tools());
    build.extend(functions.iter().flat_map(|name| ["--bin", name]));
    if functions.is_empty() {
        build.push("--bins");
    }
    build
}

/// The folder of some functions, of all if there are none, as a profile builds them.
async fn programs(root: &Path, profile: &str, functions: &[&str]) -> Result<PathBuf> {
    if profile != UNSHIPPED {
        run_cargo(root, &building(profile, functions), &[]).await?;
    }
    Ok(target(root).join(profile))
}

/// Optimisation levels by name, as settings of cargo. Generic code counts as the crate's that uses it, so the last one has the repository's own crates
/// at 3 as well. Services are named: the shipped profile does.
fn variants(services: &[&str]) -> Vec<(&'static str, Vec<String>)> {
    let level = |level: &str| -> Vec<String> {
        let settings = services.iter().map(|name| format!("package.cinema-{name}.opt-level"));
        let settings = ["opt-level".to_owned()].into_iter().chain(settings);
        settings.map(|setting| format!("profile.{SHIPPED}.{setting}={level}")).collect()
    };
    let hot = HOT_CRATES.map(|name| format!("profile.{SHIPPED}.package.{name}.opt-level=3"));
    let cold = format!("profile.{SHIPPED}.package.\"*\".opt-level=\"z\"");
    let ours_and_hot = level("3").into_iter().chain([cold]).chain(hot).collect();
    vec![
        ("z", level("\"z\"")),
        ("s", level("\"s\"")),
        ("2", level("2")),
        ("3", level("3")),
        ("3, cold crates z", ours_and_hot),
    ]
}

/// Measures programs of a folder; keeps the figures of the shipped profile.
async fn cold(
    root: &Path,
    programs: &Path,
    profile: &str,
    functions: &[&str],
    environment: &[(&str, String)],
) -> Result<()> {
    let programs = programs.to_string_lossy();
    let kept = if profile == SHIPPED { profile } else { "-" };
    let measure = ["run", "--quiet", "--release", "--example", "cold", "--", &programs, kept];
    run_cargo(root, &[&measure, functions].concat(), environment).await
}

async fn run_cargo(root: &Path, arguments: &[&str], environment: &[(&str, String)]) -> Result<()> {
    let environment = environment.iter().map(|(name, value)| (*name, value.as_str()));
    let mut command = cargo(root);
    command.args(arguments).envs(environment).stdin(Stdio::null());
    let status = command.status().await.context("cargo cannot be started")?;
    ensure!(status.success(), "cargo {} failed", arguments.join(" "));
    Ok(())
}
