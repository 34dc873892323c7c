//! Films as people have them through the whole pipeline, and what a viewer then sees and hears: `cargo cinema bench films --inputs DIR [CASE…]`.
//!
//! A case is a file of the folder, called `<case>.<ending>`. What a film carries is found out by looking at it:
//!
//! - the number of each picture in twelve boxes over the whole width of its lower eighth, white for 1, the lowest bit on the left;
//! - a white square for 0.1 s (from 3/8 to 5/8 of the width and 1/4 to 1/2 of the height) while a tone of 1 kHz beeps, at 1 s, 3 s, 5 s…;
//! - or, without numbers, eight bars of 75 % colour (white, yellow, cyan, green, magenta, red, blue, black) in its upper three quarters.
//!
//! Each film goes through the functions of the service, on real engines. What comes out is read back by its playlists and compared with the source as
//! ffmpeg decodes it. It ends with an error if a film is ready and has lost something of which its warnings do not speak.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

mod judgement;
mod made;
mod studio;
#[path = "../../tests/it/workers.rs"]
mod workers;

use std::{io::Write, path::PathBuf, process::ExitCode};

use judgement::{HEADING, Judgement};
use made::Film;
use studio::Studio;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().expect("run `cargo cinema bench films --inputs DIR`"));
    let wanted: Vec<String> = arguments.map(|case| case.to_string_lossy().into_owned()).collect();
    let studio = Studio::open().await;
    let mut lost = Vec::new();
    write(HEADING);
    for (case, file) in cases(&folder, &wanted) {
        let outcome = studio.make(&file).await;
        let film = if outcome.is_ready() { Some(Film::read(&studio, &outcome).await) } else { None };
        let judgement = Judgement::of(&file, &outcome, film.as_ref());
        write(&judgement.row(&case, &outcome));
        lost.extend(judgement.silent_losses(&outcome).map(|loss| format!("{case}: {loss}")));
    }
    write(&format!("\n{} silent losses", lost.len()));
    lost.iter().for_each(|loss| write(loss));
    if lost.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A line at once: a film takes seconds.
fn write(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("standard output");
}

/// Cases with their files, by name; all of the folder when none is wanted.
fn cases(folder: &std::path::Path, wanted: &[String]) -> Vec<(String, PathBuf)> {
    let files = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let named = |path: PathBuf| (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), path);
    let mut cases: Vec<(String, PathBuf)> = files.map(named).collect();
    cases.sort();
    let unknown: Vec<_> = wanted.iter().filter(|case| !cases.iter().any(|(name, _)| name == *case)).collect();
    assert!(unknown.is_empty(), "{} has no file for {unknown:?}", folder.display());
    cases.retain(|(name, _)| wanted.is_empty() || wanted.contains(name));
    cases
}
