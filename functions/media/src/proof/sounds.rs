//! The sound proof: what is heard in the film is as loud as the source at the same moment, so nothing of it is missing or
//! shifted. The source is decoded without the filters that put it on the film's clock.

use std::{ffi::OsString, path::Path};

use crate::{
    encode::picture::decoding,
    film::violation::{Check, Violation},
    recipe::{
        plan::Plan,
        sound::{self, Sound},
    },
    tools::{container::Container, error::MediaError, ffmpeg::Tools, input::Input, limits::Limits},
};

/// Loudness is measured over so long: half a frame at 25 per second.
const WINDOW_SECONDS: f64 = 0.02;
const WINDOWS_PER_SECOND: usize = 50;
/// What is quieter than this may be the noise of a codec, in decibels of full scale.
const AUDIBLE: f64 = -45.0;
/// So much quieter than its source is missing: down-mixing takes a few decibels.
const MISSING: f64 = 25.0;
/// Two windows, a frame of 25 per second, are a shift…
const SHIFT_WINDOWS: usize = 2;
/// …looked for up to a fifth of a second…
const FARTHEST_WINDOWS: usize = 10;
/// …in stretches of a minute, wherever loudness changes by this share of itself…
const STRETCH_WINDOWS: usize = 60 * WINDOWS_PER_SECOND;
const LIVELY: f64 = 0.3;
/// …and only where the other place fits well, and this much better.
const FITS: f64 = 0.7;
const FITS_BETTER: f64 = 0.1;

/// Power of each window of a film, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Loudness(pub Vec<f64>);

/// Measures a track of the source on the film's clock.
pub async fn of_source(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    sound: &Sound,
    limits: Limits,
) -> Result<Loudness, MediaError> {
    let arguments = decoding(tools, input, plan, 0);
    let layout = sound::layout(1, sound.is_first_channel);
    measure(tools, arguments, input, sound.stream, &layout, (plan.origin(), plan.seconds()), limits).await
}

/// Measures an encoded rendition: its init segment and all its segments in one file.
pub async fn of_rendition(tools: &Tools, file: &Path, plan: &Plan, limits: Limits) -> Result<Loudness, MediaError> {
    let input = Input::File(file.to_owned());
    let arguments = tools.open(&input, Container::Mov);
    measure(tools, arguments, &input, 0, &sound::layout(1, false), (0.0, plan.seconds()), limits).await
}

async fn measure(
    tools: &Tools,
    mut arguments: Vec<OsString>,
    input: &Input,
    stream: u32,
    layout: &str,
    (origin, seconds): (f64, f64),
    limits: Limits,
) -> Result<Loudness, MediaError> {
    let filters = format!(
        "{layout},aresample=8000,asetnsamples=n=160:p=0,astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=RMS_level,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-"
    );
    arguments.extend(["-map".into(), format!("0:{stream}").into(), "-af".into(), filters.into()]);
    arguments.extend(["-f", "null", "-"].map(OsString::from));
    let printed = tools.run_ffmpeg(&arguments, Some(input), limits).await?;
    Ok(read(&String::from_utf8_lossy(&printed.stdout), origin, seconds))
}

/// `frame:0 pts:0 pts_time:0`, then `lavfi.astats.Overall.RMS_level=-24.6`, over and over.
fn read(printed: &str, origin: f64, seconds: f64) -> Loudness {
    let mut windows = vec![0.0; (seconds / WINDOW_SECONDS).ceil() as usize];
    let mut at = None;
    for line in printed.lines() {
        if let Some((_, time)) = line.split_once("pts_time:") {
            at = time.trim().parse::<f64>().ok();
        } else if let Some((_, level)) = line.split_once("RMS_level=") {
            let place = at.map(|at| ((at - origin) / WINDOW_SECONDS).round()).filter(|place| *place >= 0.0);
            let level: f64 = level.trim().parse().unwrap_or(f64::NEG_INFINITY);
            if let Some(window) = place.and_then(|place| windows.get_mut(place as usize)) {
                *window = 10f64.powf(level / 10.0);
            }
        }
    }
    Loudness(windows)
}

/// What is missing or shifted in `rendition`.
pub fn compare(rendition: &str, source: &Loudness, found: &Loudness) -> Vec<Violation> {
    let mut wrong = Vec::new();
    let half = WINDOWS_PER_SECOND / 2;
    let decibels = |windows: &[f64]| 10.0 * (windows.iter().sum::<f64>() / half as f64).log10();
    for (index, expected) in source.0.chunks_exact(half).enumerate() {
        // What begins at the edge of a block may be heard in the next.
        let (from, to) = ((index * half).saturating_sub(FARTHEST_WINDOWS), (index + 1) * half + FARTHEST_WINDOWS);
        let heard = found.0.get(from..to.min(found.0.len())).unwrap_or_default();
        let (expected, heard) = (decibels(expected), decibels(heard));
        if expected > AUDIBLE && heard < expected - MISSING {
            let what = format!("is silent {:.1} s after the beginning, where the source is not", index as f64 / 2.0);
            wrong.push(Violation::new(Check::Sound, rendition, what));
            break;
        }
    }
    let stretches = source.0.chunks(STRETCH_WINDOWS).zip(found.0.chunks(STRETCH_WINDOWS)).enumerate();
    for (index, (expected, heard)) in stretches {
        if let Some(windows) = shift(expected, heard) {
            let ms = windows as f64 * WINDOW_SECONDS * 1000.0;
            let what = format!("is {ms:+.0} ms off in minute {}", index + 1);
            wrong.push(Violation::new(Check::Sound, rendition, what));
            break;
        }
    }
    wrong
}

/// By how many windows `heard` comes later, if that is clearly so.
fn shift(expected: &[f64], heard: &[f64]) -> Option<isize> {
    let amplitude = |power: &[f64]| power.iter().map(|power| power.sqrt()).collect::<Vec<f64>>();
    let (expected, heard) = (amplitude(expected), amplitude(heard));
    if expected.len() < 4 * FARTHEST_WINDOWS || !is_lively(&expected) {
        return None;
    }
    let farthest = FARTHEST_WINDOWS as isize;
    let fit = |later: isize| {
        let inner = FARTHEST_WINDOWS..expected.len().min(heard.len()) - FARTHEST_WINDOWS;
        let moved: Vec<f64> = inner.clone().map(|at| heard[at.saturating_add_signed(later)]).collect();
        correlation(&expected[inner], &moved)
    };
    let best = (-farthest..=farthest).max_by(|a, b| fit(*a).total_cmp(&fit(*b)))?;
    let is_shift = best.unsigned_abs() >= SHIFT_WINDOWS && fit(best) > FITS && fit(best) > fit(0) + FITS_BETTER;
    is_shift.then_some(best)
}

fn is_lively(values: &[f64]) -> bool {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let spread = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
    mean > 1e-4 && spread > LIVELY * mean
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut own_a, mut own_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        both += a * b;
        own_a += a * a;
        own_b += b * b;
    }
    if own_a > 0.0 && own_b > 0.0 { both / (own_a * own_b).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beeps of 0.1 s at uneven distances, each window's power.
    fn beeps(seconds: usize, later: usize) -> Vec<f64> {
        let mut windows = vec![0.0; seconds * WINDOWS_PER_SECOND];
        let mut at = 20 + later;
        let mut step = 37;
        while at + 5 < windows.len() {
            windows[at..at + 5].fill(0.1);
            step = 31 + (step * 7) % 40;
            at += step;
        }
        windows
    }

    fn checks(source: Vec<f64>, found: Vec<f64>) -> Vec<String> {
        compare("a0", &Loudness(source), &Loudness(found)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_right_passes() {
        assert_eq!(checks(beeps(10, 0), beeps(10, 0)), [""; 0]);
        assert_eq!(checks(beeps(10, 0), beeps(10, 1)), [""; 0], "half a frame is the measure's own play");
        let quieter = beeps(10, 0).iter().map(|power| power * 0.1).collect();
        assert_eq!(checks(beeps(10, 0), quieter), [""; 0], "down-mixed");
        assert_eq!(checks(vec![0.1; 500], vec![0.1; 500]), [""; 0], "a steady tone has no place");
        assert_eq!(checks(vec![0.0; 500], vec![0.0; 500]), [""; 0], "silence");
    }

    #[test]
    fn what_is_missing_or_shifted_is_found() {
        let mut lost = vec![0.1; 500];
        lost[250..].fill(0.0);
        assert_eq!(checks(vec![0.1; 500], lost), ["a0: is silent 5.5 s after the beginning, where the source is not"]);
        assert_eq!(checks(beeps(10, 0), beeps(10, 2)), ["a0: is +40 ms off in minute 1"]);
        assert_eq!(checks(beeps(10, 3), beeps(10, 0)), ["a0: is -60 ms off in minute 1"]);
    }

    #[test]
    fn windows_are_put_on_the_film_s_clock() {
        let printed = "frame:0 pts:0 pts_time:0.5\nlavfi.astats.Overall.RMS_level=-20.0\nframe:1 pts:1 pts_time:0.52\nlavfi.astats.Overall.RMS_level=-inf\n";
        let found = read(printed, 0.02, 1.0);
        assert!((found.0[24] - 0.01).abs() < 1e-9 && found.0[25] == 0.0 && found.0.len() == 50, "{found:?}");
    }
}
