//! Packet times of a source: when its pictures begin and end, how evenly they come, how often decoding can start.

use serde::{Deserialize, Serialize};

use crate::tools::ffprobe::Packet;

/// A gap of this many usual gaps makes a source one of variable frame rate.
const UNEVEN: f64 = 1.6;

/// What the packets of one video stream say. Times are seconds on the file's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// When the first picture appears.
    pub first: f64,
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
        let keys: Vec<f64> = own.iter().filter(|packet| packet.is_key).map(|packet| packet.time).collect();
        let end = last.time + shown;
        let longest_key_gap =
            keys.iter().zip(keys.iter().skip(1).chain([&end])).map(|(key, next)| next - key).fold(0.0, f64::max);
        Some(Timing {
            first: first.time,
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
}
