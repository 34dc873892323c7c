//! Damage: pictures and sounds of a source that cannot be decoded, looked for only where a decoder complained.

use std::{collections::BTreeSet, ffi::OsString};

use serde::Deserialize;

use crate::{
    film::damage::Damage,
    recipe::plan::Plan,
    tools::{error::MediaError, ffmpeg::Tools, ffprobe, input::Input, limits::Limits},
};

/// Decoding begins so long before the stretch that is asked about, in seconds.
const BEFORE_SECONDS: f64 = 2.0;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    packets_and_frames: Vec<Entry>,
    #[serde(default)]
    format: ffprobe::Format,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    pts_time: Option<String>,
    #[serde(default)]
    flags: String,
    best_effort_timestamp_time: Option<String>,
    #[serde(default)]
    logs: Vec<serde_json::Value>,
}

/// What of `stream` is damaged from `from` up to `to`, in seconds on the film's clock. `None` reads to the end.
///
/// A picture that the decoder complains about, or that does not come at all, spoils all up to the next that can be decoded
/// alone.
pub async fn find(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    stream: u32,
    (from, to): (f64, Option<f64>),
    limits: Limits,
) -> Result<Vec<Damage>, MediaError> {
    const SHOWN: &str = "format=start_time:packet=pts_time,flags:frame=best_effort_timestamp_time:log=level";
    // ffprobe's clock may begin elsewhere, by less than what is read in front.
    let begin = (from - BEFORE_SECONDS).max(0.0);
    let end = to.map_or(String::new(), |to| format!("{:.3}", to + BEFORE_SECONDS));
    let interval = if begin > 0.0 { format!("{begin:.3}%{end}") } else { format!("%{end}") };
    let (index, interval) = (stream.to_string(), interval.as_str());
    let mut arguments: Vec<OsString> =
        ["-select_streams", &index, "-show_log", "16", "-show_entries", SHOWN, "-of", "json"]
            .map(OsString::from)
            .into();
    if interval != "%" {
        arguments.extend(["-read_intervals", interval].map(OsString::from));
    }
    arguments.extend(tools.open(input, plan.container));
    let printed = tools.run_ffprobe(&arguments, Some(input), limits).await?;
    let answer: Answer = serde_json::from_slice(&printed.stdout)
        .map_err(|error| MediaError::unexpected(format!("ffprobe's answer: {error}")))?;
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<f64>().ok());
    let zero = number(&answer.format.start_time).unwrap_or(0.0) + plan.origin();
    Ok(spoilt(&answer.packets_and_frames, zero, from, to.unwrap_or(f64::MAX)))
}

fn spoilt(entries: &[Entry], zero: f64, from: f64, to: f64) -> Vec<Damage> {
    let ms = |text: &Option<String>| {
        let seconds = text.as_deref()?.parse::<f64>().ok()? - zero;
        Some((seconds.max(0.0) * 1000.0).round() as u64)
    };
    let of = |kind: &'static str| entries.iter().filter(move |entry| entry.kind == kind);
    let key = |entry: &&Entry| entry.flags.starts_with('K');
    let keys: BTreeSet<u64> = of("packet").filter(key).filter_map(|entry| ms(&entry.pts_time)).collect();
    // What is shown before the first picture that can be decoded alone belongs to what was not read.
    let first = keys.first().copied().unwrap_or(0);
    let seen = of("packet").filter(|entry| !entry.flags.contains('D'));
    let packets: BTreeSet<u64> = seen.filter_map(|entry| ms(&entry.pts_time)).filter(|at| *at >= first).collect();
    let frames = || of("frame").filter_map(|entry| Some((ms(&entry.best_effort_timestamp_time)?, entry)));
    let shown: BTreeSet<u64> = frames().map(|(at, _)| at).collect();
    let complained = frames().filter(|(at, entry)| *at >= first && !entry.logs.is_empty()).map(|(at, _)| at);
    // Where packets have no times of their own none can be missed.
    let is_timed = shown.intersection(&packets).next().is_some();
    let lost = packets.difference(&shown).copied().filter(|_| is_timed);
    let bad: BTreeSet<u64> = complained.chain(lost).collect();
    let last = packets.iter().chain(&shown).max().copied().unwrap_or(0);
    let (from, to) = ((from * 1000.0).round() as u64, (to * 1000.0).round() as u64);
    let mut damages: Vec<Damage> = Vec::new();
    for at in bad {
        let end = keys.range(at + 1..).next().copied().unwrap_or(last + 1);
        let damage = Damage { from_ms: at.max(from), to_ms: end.min(to) };
        match damages.last_mut() {
            _ if damage.from_ms >= damage.to_ms => {}
            Some(before) if damage.from_ms <= before.to_ms => before.to_ms = before.to_ms.max(damage.to_ms),
            _ => damages.push(damage),
        }
    }
    damages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(json: &str) -> Vec<Entry> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_spoilt_ends_with_the_next_key_picture() {
        let of = entries(
            r#"[{"type": "packet", "pts_time": "10.0", "flags": "K__"}, {"type": "packet", "pts_time": "10.04", "flags": "___"},
                {"type": "packet", "pts_time": "10.08", "flags": "___"}, {"type": "packet", "pts_time": "10.12", "flags": "K__"},
                {"type": "packet", "pts_time": "10.16", "flags": "___"}, {"type": "frame", "best_effort_timestamp_time": "10.0"},
                {"type": "frame", "best_effort_timestamp_time": "10.04", "logs": [{"level": 16}]},
                {"type": "frame", "best_effort_timestamp_time": "10.08"}, {"type": "frame", "best_effort_timestamp_time": "10.12"}]"#,
        );
        let found = spoilt(&of, 0.0, 0.0, f64::MAX);
        let expected = [Damage { from_ms: 10_040, to_ms: 10_120 }, Damage { from_ms: 10_160, to_ms: 10_161 }];
        assert_eq!(found, expected, "one complaint, and one picture that never came");
        assert_eq!(spoilt(&of, 0.0, 10.12, 10.15), [], "only what was asked about");
        let inside = [Damage { from_ms: 10_080, to_ms: 10_120 }];
        assert_eq!(spoilt(&of, 0.0, 10.08, 10.15), inside, "what began before spoils what comes after");
    }
}
