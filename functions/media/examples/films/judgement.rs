//! What a film has of its source, and what it has lost.

use std::path::Path;

use serde_json::Value;
use testkit::watch::{LOWER_EIGHTH, Picture, Times, Unwatchable, Watched, streams};

use crate::{made::Film, studio::Outcomes};

pub const HEADING: &str = "| case | state | frames | A/V ms | length s | shape | colour | seconds | reason |\n|---|---|---|---|---|---|---|---|---|";

/// A frame at 25 per second, and a window of the measure: sound may be so far from where it was.
const IN_STEP_SECONDS: f64 = 0.046;
/// Picture and sound may end so much earlier than in the source.
const LENGTH_SECONDS: f64 = 0.25;
/// Sides are whole even pixels: a share, and a pixel on either side of small pictures.
const SHAPE_SHARE: f64 = 0.015;
/// Of 255.
const COLOUR: u8 = 4;
/// Bars that differ so much from the known ones are none.
const IS_BARS: u8 = 64;
/// At the joints of two clocks a picture may be shown by its neighbour.
const FRAMES: usize = 1;
/// Faster sources are shown with every second or third picture, but not slower than this.
const FASTEST_PER_SECOND: f64 = 49.9;
/// A number is looked for so far ahead: what lies farther is a new beginning.
const AHEAD: usize = 200;
/// So many of a film's pictures must carry numbers that can be read.
const READABLE: f64 = 0.9;
/// 75 % bars, from left to right.
const BARS: [[u8; 3]; 8] =
    [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191], [0, 0, 0]];

/// What was compared; what the source does not carry is absent.
#[derive(Default)]
pub struct Judgement {
    frames: Option<String>,
    offset: Option<String>,
    length: Option<String>,
    shape: Option<String>,
    colour: Option<String>,
    losses: Vec<String>,
}

impl Judgement {
    /// Compares a film, if there is one, with its source.
    pub fn of(source: &Path, outcome: &Outcomes, film: Option<&Film>) -> Self {
        let mut judgement = Self::default();
        let Some(film) = film else { return judgement };
        if let Err(error) = judgement.compare(source, outcome, film) {
            judgement.losses.push(format!("cannot be watched: {error}"));
        }
        judgement
    }

    fn compare(&mut self, source: &Path, outcome: &Outcomes, film: &Film) -> Result<(), Unwatchable> {
        let seconds = outcome.asset["duration_seconds"].as_f64().unwrap_or_default();
        let pictures = picture_of(source)?;
        let (flashes, beeps) = (pictures.flashes()?, loudest_of(source));
        self.length(&flashes, beeps.as_ref(), seconds);
        self.frames(&pictures, film, seconds)?;
        self.sound(&flashes, beeps.as_ref(), film)?;
        self.shape(&pictures, film)?;
        self.colour(&pictures, film)
    }

    /// What is lost without a word.
    pub fn silent_losses<'a>(&'a self, outcome: &'a Outcomes) -> impl Iterator<Item = &'a String> {
        let is_silent = outcome.warnings().is_empty();
        self.losses.iter().filter(move |_| is_silent)
    }

    /// The line of the table.
    pub fn row(&self, case: &str, outcome: &Outcomes) -> String {
        let cell = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        let detail = outcome.asset["error"]["detail"].as_str();
        let mut reasons: Vec<String> = self.losses.iter().map(|loss| format!("**{loss}**")).collect();
        reasons.extend(detail.into_iter().chain(outcome.warnings()).map(|text| text.replace('|', "/")));
        let cells = [
            case.to_owned(),
            outcome.asset["state"].as_str().unwrap_or_default().to_owned(),
            cell(&self.frames),
            cell(&self.offset),
            cell(&self.length),
            cell(&self.shape),
            cell(&self.colour),
            format!("{:.1}", outcome.seconds),
            reasons.join("; "),
        ];
        format!("| {} |", cells.join(" | "))
    }

    /// Every picture in order on every rung, as far as the film shows so many a second.
    fn frames(&mut self, source: &Watched, film: &Film, seconds: f64) -> Result<(), Unwatchable> {
        let Some(expected) = numbered(source)? else { return Ok(()) };
        let mut found = Vec::new();
        for (name, file) in &film.rungs {
            let shown = Watched::picture(file).numbers(LOWER_EIGHTH)?;
            let (frames, distinct) = (shown.len(), changes(&shown));
            let (matched, strange) = in_order(&expected, &distinct);
            let least = expected.len().min(frames).max(expected.len().min((FASTEST_PER_SECOND * seconds) as usize));
            if matched + FRAMES < least {
                self.losses.push(format!("{name} shows {matched} of {} pictures", expected.len()));
            }
            if strange > FRAMES {
                self.losses.push(format!("{name} shows {strange} pictures out of order"));
            }
            found.push(format!("{matched}/{}", expected.len()));
        }
        found.dedup();
        self.frames = Some(found.join(" "));
        Ok(())
    }

    /// Every beep of the source, as far from its flash as there.
    fn sound(&mut self, flashes: &Times, beeps: Option<&Times>, film: &Film) -> Result<(), Unwatchable> {
        let Some(beeps) = beeps.filter(|beeps| !beeps.onsets.is_empty()) else { return Ok(()) };
        let (Some(sound), Some((_, largest))) = (&film.sound, film.rungs.first()) else {
            self.losses.push("has no sound; the source has".to_owned());
            return Ok(());
        };
        let heard = Watched::sound(sound).beeps()?;
        if heard.onsets.len() < beeps.onsets.len() {
            self.losses.push(format!("{} of {} beeps are heard", heard.onsets.len(), beeps.onsets.len()));
        }
        let seen = Watched::picture(largest).flashes()?;
        let Some(moved) = moved(&offsets(flashes, beeps), &offsets(&seen, &heard)) else { return Ok(()) };
        self.offset = Some(format!("{:+.0}", moved * 1000.0));
        // Where ffmpeg has to guess when pictures are shown, the source seems to be out of step and the film is not.
        if moved.abs() > IN_STEP_SECONDS && !is_in_step(&seen, &heard) {
            self.losses.push(format!("the sound is {:+.0} ms off", moved * 1000.0));
        }
        Ok(())
    }

    /// As long as the longer of picture and sound.
    fn length(&mut self, flashes: &Times, beeps: Option<&Times>, seconds: f64) {
        let sound = beeps.unwrap_or(flashes);
        let expected = flashes.last.max(sound.last) - flashes.first.min(sound.first);
        self.length = Some(format!("{seconds:.2}/{expected:.2}"));
        if seconds + LENGTH_SECONDS < expected {
            self.losses.push(format!("lasts {seconds:.2} of {expected:.2} s"));
        }
    }

    /// One of the shapes that the source shows.
    fn shape(&mut self, source: &Watched, film: &Film) -> Result<(), Unwatchable> {
        let mut shapes = vec![source.shown(0)?];
        shapes.extend(source.shown(frames(source)?.saturating_sub(2)).ok());
        let Some((_, file)) = film.rungs.first() else { return Ok(()) };
        let shown = Watched::picture(file).shown(0)?;
        let ratio = |picture: &Picture| picture.width as f64 / picture.height as f64;
        let slack = |picture: &Picture| SHAPE_SHARE + 2.0 / picture.height.min(picture.width) as f64;
        let is_right = |picture: &Picture| (ratio(&shown) / ratio(picture) - 1.0).abs() <= slack(&shown);
        self.shape = Some(format!("{:.3}/{:.3}", ratio(&shown), ratio(&shapes[0])));
        if !shapes.iter().any(is_right) {
            self.losses.push(format!("is {:.3} wide, the source {:.3}", ratio(&shown), ratio(&shapes[0])));
        }
        Ok(())
    }

    /// The worst of the eight bars on the worst rung. Wider colours than a television's are mapped and not compared.
    fn colour(&mut self, source: &Watched, film: &Film) -> Result<(), Unwatchable> {
        let is_wide = streams(&source.file)?.iter().any(|stream| stream["color_primaries"] == "bt2020");
        if is_wide || worst(&source.shown(0)?) > IS_BARS {
            return Ok(());
        }
        let mut most = 0;
        for (name, file) in &film.rungs {
            let off = worst(&Watched::picture(file).shown(0)?);
            if off > COLOUR {
                self.losses.push(format!("the colours of {name} are {off} off"));
            }
            most = most.max(off);
        }
        self.colour = Some(most.to_string());
        Ok(())
    }
}

/// How far the worst bar is from what it should be.
fn worst(picture: &Picture) -> u8 {
    let off = |(index, bar): (usize, &[u8; 3])| {
        let found = picture.colour((index as f64 + 0.5) / BARS.len() as f64, 0.4);
        found.iter().zip(bar).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or_default()
    };
    BARS.iter().enumerate().map(off).max().unwrap_or_default()
}

/// The stream with the most pictures.
fn picture_of(source: &Path) -> Result<Watched, Unwatchable> {
    let streams = streams(source)?;
    let pictures = streams.iter().filter(|stream| stream["codec_type"] == "video");
    let best = pictures.max_by_key(|stream| packets(stream)).ok_or("it has no picture")?;
    Ok(Watched { file: source.to_owned(), stream: format!("0:{}", best["index"]) })
}

fn packets(stream: &Value) -> u64 {
    stream["nb_read_packets"].as_str().and_then(|count| count.parse().ok()).unwrap_or_default()
}

fn frames(picture: &Watched) -> Result<u64, Unwatchable> {
    let streams = streams(&picture.file)?;
    let own = streams.iter().find(|stream| format!("0:{}", stream["index"]) == picture.stream);
    Ok(own.map(packets).unwrap_or_default())
}

/// The stream in which the most beeps are heard, the first of several; what cannot be decoded is none.
fn loudest_of(source: &Path) -> Option<Times> {
    let streams = streams(source).ok()?;
    let mut best: Option<Times> = None;
    for stream in streams.iter().filter(|stream| stream["codec_type"] == "audio") {
        let sound = Watched { file: source.to_owned(), stream: format!("0:{}", stream["index"]) };
        let Ok(beeps) = sound.beeps() else { continue };
        if best.as_ref().is_none_or(|most| beeps.onsets.len() > most.onsets.len()) {
            best = Some(beeps);
        }
    }
    best
}

/// The numbers of a source in order, each once; `None` when it carries none.
fn numbered(source: &Watched) -> Result<Option<Vec<u64>>, Unwatchable> {
    let shown = source.numbers(LOWER_EIGHTH)?;
    let readable = shown.iter().flatten().count();
    let distinct = changes(&shown);
    let is_counting = distinct.windows(2).filter(|pair| pair[1] > pair[0]).count() + 3 >= distinct.len();
    let is_numbered = readable as f64 >= READABLE * shown.len() as f64 && distinct.len() > 1 && is_counting;
    Ok(is_numbered.then_some(distinct))
}

/// Without repetitions and what cannot be read.
fn changes(shown: &[Option<u64>]) -> Vec<u64> {
    let mut distinct: Vec<u64> = shown.iter().flatten().copied().collect();
    distinct.dedup();
    distinct
}

/// How many of the expected numbers are found in their order, and how many others.
fn in_order(expected: &[u64], found: &[u64]) -> (usize, usize) {
    let (mut at, mut matched, mut strange) = (0, 0, 0);
    for number in found {
        let ahead = &expected[at..expected.len().min(at + AHEAD)];
        match ahead.iter().position(|candidate| candidate == number) {
            Some(skipped) => {
                at += skipped + 1;
                matched += 1;
            }
            None => strange += 1,
        }
    }
    (matched, strange)
}

/// How much later each beep comes than the first flash: a beep between two flashes belongs to neither.
fn offsets(flashes: &Times, beeps: &Times) -> Vec<f64> {
    let Some(first) = flashes.onsets.first() else { return Vec::new() };
    beeps.onsets.iter().map(|beep| beep - first).collect()
}

/// How much later the beeps of the film come than those of the source; the most of all.
fn moved(before: &[f64], after: &[f64]) -> Option<f64> {
    let nearest = |beep: &f64| {
        let distance = |other: &&f64| (*other - beep).abs();
        after.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).map(|other| other - beep)
    };
    before.iter().filter_map(nearest).max_by(|a, b| a.abs().total_cmp(&b.abs()))
}

/// Whether every flash beeps.
fn is_in_step(flashes: &Times, beeps: &Times) -> bool {
    let beeps_at = |flash: &f64| beeps.onsets.iter().any(|beep| (beep - flash).abs() <= IN_STEP_SECONDS);
    !flashes.onsets.is_empty() && flashes.onsets.iter().all(beeps_at)
}
