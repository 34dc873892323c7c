//! Packet times of a source: when its pictures begin and end, how evenly they come, how often decoding can start.

use serde::{Deserialize, Serialize};

use crate::tools::ffprobe::Packet;

/// A gap of this many usual gaps makes a source one of variable frame rate.
const UNEVEN: f64 = 1.6;

/// A gap longer than this, in seconds, is a pause: decoding goes back to its beginning instead of starting that much earlier
/// everywhere.
pub const SHORTEST_PAUSE_SECONDS: f64 = 8.0;

/// A stretch without a new picture, on the file's clock from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When the picture before it appears, in milliseconds, rounded down.
    pub from_ms: u64,
    /// When the picture after it appears, in milliseconds, rounded up.
    pub to_ms: u64,
}

impl Pause {
    /// Between two moments in seconds.
    pub fn between(from: f64, to: f64) -> Pause {
        Pause { from_ms: (from.max(0.0) * 1000.0).floor() as u64, to_ms: (to.max(0.0) * 1000.0).ceil() as u64 }
    }
}

/// The pauses of `stream` in packets between which nothing is missing; `zero` is the file's first moment.
pub fn pauses(packets: &[Packet], stream: u32, zero: f64) -> Vec<Pause> {
    let mut times: Vec<f64> =
        packets.iter().filter(|packet| packet.stream == stream).map(|packet| packet.time - zero).collect();
    times.sort_by(f64::total_cmp);
    let gaps = times.windows(2).filter(|pair| pair[1] - pair[0] > SHORTEST_PAUSE_SECONDS);
    gaps.map(|pair| Pause::between(pair[0], pair[1])).collect()
}

/// What the packets of one video stream say. Times are seconds on the file's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// When the first picture appears.
    pub first: f64,
    /// When the last picture appears.
    pub last: f64,
    /// When the last picture disappears.
    pub end: f64,
    /// The usual time between two pictures; zero when there is only one picture.
    pub usual_gap: f64,
    pub longest_gap: f64,
    /// The longest time between two pictures that can be decoded alone.
    pub longest_key_gap: f64,
    /// How many pictures were counted.
    pub pictures: u64,
}

impl Timing {
    /// Reads the times of `stream`; `None` when it has no packet.
    pub fn of(packets: &[Packet], stream: u32) -> Option<Timing> {
        let mut own: Vec<&Packet> = packets.iter().filter(|packet| packet.stream == stream).collect();
        own.sort_by(|a, b| a.time.total_cmp(&b.time));
        let (first, last) = (own.first()?, own.last()?);
        let mut gaps: Vec<f64> = own.windows(2).map(|pair| pair[1].time - pair[0].time).collect();
        gaps.sort_by(f64::total_cmp);
        let usual_gap = gaps.get(gaps.len() / 2).copied().unwrap_or(0.0);
        let shown = if last.duration > 0.0 { last.duration } else { usual_gap };
        // A cut that hides the first key picture leaves pictures before the next one.
        let keys = own.iter().filter(|packet| packet.is_key).map(|packet| packet.time);
        let keys: Vec<f64> = std::iter::once(first.time).chain(keys).collect();
        let end = last.time + shown;
        let longest_key_gap =
            keys.iter().zip(keys.iter().skip(1).chain([&end])).map(|(key, next)| next - key).fold(0.0, f64::max);
        Some(Timing {
            first: first.time,
            last: last.time,
            end,
            usual_gap,
            longest_gap: gaps.last().copied().unwrap_or(0.0),
            longest_key_gap,
            pictures: own.len() as u64,
        })
    }

    /// Whether pictures come at uneven times. Millisecond clocks wobble by less than that.
    pub fn is_variable(&self) -> bool {
        self.usual_gap > 0.0 && self.longest_gap > UNEVEN * self.usual_gap + 0.002
    }
}

/// How much earlier or later than their neighbours packets of a stream come, in seconds, where the clock recovers within a second: the wobble of a
/// network, not a hole. What stays is none of it.
pub fn jitter(packets: &[Packet], stream: u32) -> f64 {
    const RECOVERS_SECONDS: f64 = 1.0;
    let own: Vec<&Packet> = packets.iter().filter(|packet| packet.stream == stream && packet.duration > 0.0).collect();
    let mut counted = 0.0;
    let clock: Vec<f64> = own
        .iter()
        .map(|packet| {
            counted += packet.duration;
            counted - packet.duration
        })
        .collect();
    let pace = pace(&own, &clock, RECOVERS_SECONDS);
    let offsets: Vec<(f64, f64)> =
        own.iter().zip(&clock).map(|(packet, at)| (at * pace, packet.time - at * pace)).collect();
    let recovered = offsets.iter().enumerate().map(|(number, (at, offset))| {
        let soon = offsets[number..].iter().take_while(|(later, _)| later - at <= RECOVERS_SECONDS);
        offset - soon.map(|(_, offset)| *offset).fold(*offset, f64::min)
    });
    recovered.fold(0.0, f64::max)
}

/// How much faster than the lengths of its packets a clock usually goes over a window of so many seconds: containers round a length. A hole is in few
/// windows.
fn pace(own: &[&Packet], clock: &[f64], window: f64) -> f64 {
    const ROUNDING: f64 = 0.1;
    let width = clock.partition_point(|at| *at < window).min(own.len() / 2);
    let mut paces: Vec<f64> = (width..own.len())
        .filter(|_| width > 0)
        .map(|end| (own[end].time - own[end - width].time) / (clock[end] - clock[end - width]))
        .collect();
    paces.sort_by(f64::total_cmp);
    paces.get(paces.len() / 2).copied().filter(|pace| (pace - 1.0).abs() < ROUNDING).unwrap_or(1.0)
}

/// A place in a film, as players show it: `1:02:03` or `2:03`.
pub fn clock(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{:02}", seconds % 60)
    } else {
        format!("{minutes}:{:02}", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(times: &[f64]) -> Vec<Packet> {
        times.iter().map(|&time| Packet { stream: 0, time, duration: 0.04, is_key: time == 0.0 }).collect()
    }

    #[test]
    fn a_millisecond_clock_is_still_even() {
        let times: Vec<f64> = (0..100).map(|n| ((n as f64) * 1001.0 / 24.0).round() / 1000.0).collect();
        let timing = Timing::of(&packets(&times), 0).unwrap();
        assert!(!timing.is_variable());
        assert_eq!(timing.pictures, 100);
    }

    #[test]
    fn order_does_not_matter_and_gaps_do() {
        let timing = Timing::of(&packets(&[0.08, 0.0, 0.04, 2.0, 0.12]), 0).unwrap();
        assert!(timing.is_variable());
        assert!((timing.longest_gap - 1.88).abs() < 1e-9);
        assert!((timing.end - 2.04).abs() < 1e-9);
        assert_eq!(Timing::of(&packets(&[0.0]), 0).unwrap().usual_gap, 0.0);
        assert_eq!(Timing::of(&packets(&[0.0]), 1), None);
    }

    #[test]
    fn only_what_recovers_is_jitter() {
        let sound = |times: &mut dyn Iterator<Item = f64>| -> Vec<Packet> {
            times.map(|time| Packet { stream: 0, time, duration: 1024.0 / 48_000.0, is_key: true }).collect()
        };
        let even = |n: i32| f64::from(n) * 1024.0 / 48_000.0;
        let late = |n: i32| even(n) + if n % 7 == 0 { 0.024 } else { 0.0 };
        assert!(jitter(&sound(&mut (0..200).map(even)), 0) < 1e-9);
        assert!((jitter(&sound(&mut (0..200).map(late)), 0) - 0.024).abs() < 1e-3);
        let hole = |n: i32| even(n) + if n > 100 { 0.05 } else { 0.0 };
        assert!(jitter(&sound(&mut (0..200).map(hole)), 0) < 0.002, "a hole stays");
        let rounded = |n: i32| (even(n) * 1000.0).round() / 1000.0;
        assert!(jitter(&sound(&mut (0..2_000).map(rounded)), 0) < 0.002);
        assert_eq!(jitter(&sound(&mut (0..1).map(even)), 0), 0.0);
    }

    #[test]
    fn a_pause_is_longer_than_decoding_goes_back_everywhere() {
        let found = pauses(&packets(&[1.0, 8.0, 188.0, 188.04]), 0, 1.0);
        assert_eq!(found, [Pause { from_ms: 7000, to_ms: 187_000 }]);
    }
}
