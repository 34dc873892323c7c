//! The ladder: at which sizes and bit rates a picture is offered.

use serde::{Deserialize, Serialize};

use crate::recipe::rate::Rate;

/// One step of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// Folder of its files, after the step: `v720` may be 1280 × 536.
    pub name: String,
    /// Pixels from left to right, even.
    pub width: u32,
    /// Pixels from top to bottom, even.
    pub height: u32,
    /// The encoder's ceiling, in kbit/s.
    pub max_kbps: u32,
    /// How much the ceiling may be exceeded for a moment, in kbit.
    pub buffer_kbit: u32,
    /// Encoder threads: other counts give other bytes.
    pub threads: u32,
    /// Whether it goes with the small sound, for networks that carry no more than 192 kbit/s.
    pub is_lowest: bool,
}

struct Step {
    /// Pixels of the shorter side of a 16:9 picture.
    short: u32,
    max_kbps: u32,
    threads: u32,
}

/// Apple's steps for H.264, as (short side, kbit/s).
const STEPS: [Step; 6] = [
    Step { short: 1080, max_kbps: 6000, threads: 4 },
    Step { short: 720, max_kbps: 3000, threads: 2 },
    Step { short: 540, max_kbps: 2000, threads: 2 },
    Step { short: 432, max_kbps: 1100, threads: 1 },
    Step { short: 360, max_kbps: 365, threads: 1 },
    Step { short: 234, max_kbps: 145, threads: 1 },
];

/// The ceiling of the lowest rung, and the buffer that goes with it: even of pure noise the worst three seconds, with
/// 48 kbit/s of sound and all boxes, stay below 192 kbit/s.
const LOWEST_KBPS: u32 = 100;
const LOWEST_BUFFER_SHARE_PERCENT: u32 = 70;
/// A picture this much larger than the next step is worth a step of its own size.
const WORTH_A_STEP: f64 = 1.1;
/// Above 30 frames per second there is half as much again to encode.
const FAST_RATE: f64 = 30.5;

/// The rungs for a picture of `width` × `height` square pixels, largest first, never larger than the picture.
pub fn ladder(width: u32, height: u32, rate: Rate) -> Vec<Rung> {
    let (long, short) = (f64::from(width.max(height)), f64::from(width.min(height)));
    let mut rungs: Vec<Rung> = Vec::new();
    for (index, step) in STEPS.iter().enumerate() {
        // The step is a 16:9 box, laid across or upright like the picture.
        let scale = (f64::from(step.short) / short).min(f64::from(step.short) * 16.0 / 9.0 / long);
        if scale <= 1.0 {
            rungs.push(rung(format!("v{}", step.short), width, height, scale, step.max_kbps, step.threads, rate));
            continue;
        }
        // Larger than the picture: its own size takes the place of this step unless a lower one is about as large.
        let below = STEPS.get(index + 1);
        let fits_below = below.is_some_and(|next| {
            let next = (f64::from(next.short) / short).min(f64::from(next.short) * 16.0 / 9.0 / long);
            next > 1.0 || next * WORTH_A_STEP >= 1.0
        });
        if !fits_below && rungs.is_empty() {
            let pixels = 1.0 / (scale * scale);
            let max_kbps = (f64::from(step.max_kbps) * pixels).round().max(64.0) as u32;
            let short = width.min(height);
            let is_taken = STEPS.iter().any(|step| step.short == short);
            let name = format!("v{short}{}", if is_taken { "own" } else { "" });
            rungs.push(rung(name, width, height, 1.0, max_kbps, step.threads, rate));
        }
    }
    // Of a picture as narrow as a line a small size would have another shape: sides are even. The largest is what there is.
    let mut index = 0;
    rungs.retain(|rung| {
        index += 1;
        index == 1 || has_shape(rung, width, height)
    });
    rungs.dedup_by(|next, previous| (next.width, next.height) == (previous.width, previous.height));
    if let [only] = &rungs[..] {
        // A small picture is offered twice: as good as it is, and for bad networks.
        let name = format!("{}low", only.name);
        rungs.push(Rung { name, ..only.clone() });
    }
    if let Some(lowest) = rungs.last_mut() {
        lowest.max_kbps = lowest.max_kbps.min(LOWEST_KBPS);
        lowest.buffer_kbit = lowest.max_kbps * LOWEST_BUFFER_SHARE_PERCENT / 100;
        lowest.is_lowest = true;
    }
    rungs
}

/// Whether a rung is within a fiftieth of the picture's shape.
fn has_shape(rung: &Rung, width: u32, height: u32) -> bool {
    let shape = |width: u32, height: u32| f64::from(width) / f64::from(height);
    (shape(rung.width, rung.height) / shape(width, height) - 1.0).abs() <= 0.02
}

fn rung(name: String, width: u32, height: u32, scale: f64, max_kbps: u32, threads: u32, rate: Rate) -> Rung {
    let even = |side: u32| ((f64::from(side) * scale / 2.0).round() as u32 * 2).clamp(2, (side & !1).max(2));
    let (width, height) = (even(width), even(height));
    let max_kbps = if rate.per_second() > FAST_RATE { max_kbps * 3 / 2 } else { max_kbps };
    Rung { name, width, height, max_kbps, buffer_kbit: 2 * max_kbps, threads, is_lowest: false }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes(width: u32, height: u32) -> Vec<(u32, u32)> {
        ladder(width, height, Rate::new(24, 1)).iter().map(|rung| (rung.width, rung.height)).collect()
    }

    #[test]
    fn the_usual_pictures() {
        let full = [(1920, 1080), (1280, 720), (960, 540), (768, 432), (640, 360), (416, 234)];
        assert_eq!(sizes(1920, 1080), full);
        assert_eq!(sizes(3840, 2160), full);
        assert_eq!(sizes(1280, 720), full[1..]);
        assert_eq!(sizes(1080, 1920), full.map(|(width, height)| (height, width)));
        assert_eq!(sizes(854, 480), [(854, 480), (768, 432), (640, 360), (416, 234)]);
        assert_eq!(sizes(1920, 800)[0], (1920, 800));
        assert_eq!(sizes(320, 180), [(320, 180), (320, 180)]);
        assert_eq!(sizes(427, 241), [(414, 234), (414, 234)], "almost a step is that step");
        assert_eq!(sizes(16, 16), [(16, 16), (16, 16)]);
        assert_eq!(sizes(8192, 16), [(1920, 4), (1920, 4)], "no smaller one is as narrow");
    }

    #[test]
    fn fast_pictures_get_more_bits_but_not_on_bad_networks() {
        let (slow, fast) = (ladder(1280, 720, Rate::new(25, 1)), ladder(1280, 720, Rate::new(50, 1)));
        assert_eq!((slow[0].max_kbps, fast[0].max_kbps), (3000, 4500));
        assert_eq!(slow.last().unwrap().max_kbps, fast.last().unwrap().max_kbps);
    }

    proptest! {
        #[test]
        fn any_picture_has_a_ladder_without_upscaling(width in 16u32..=8192, height in 16u32..=4320, rate in 0usize..8) {
            let rungs = ladder(width, height, Rate::ACCEPTED[rate]);
            prop_assert!(!rungs.is_empty());
            prop_assert_eq!(rungs.iter().filter(|rung| rung.is_lowest).count(), 1);
            prop_assert!(rungs.last().unwrap().is_lowest && rungs.last().unwrap().max_kbps <= LOWEST_KBPS);
            for rung in &rungs {
                prop_assert!(rung.width % 2 == 0 && rung.height % 2 == 0 && rung.width >= 2 && rung.height >= 2);
                prop_assert!(rung.width <= width && rung.height <= height);
                // The shape is kept to within the rounding to even pixels.
                let (across, down) = (f64::from(rung.width) / f64::from(width), f64::from(rung.height) / f64::from(height));
                prop_assert!((across - down).abs() <= 2.0 / f64::from(width.min(height)) + 1e-9);
            }
            for pair in rungs.windows(2) {
                prop_assert!(pair[0].width >= pair[1].width && pair[0].max_kbps >= pair[1].max_kbps);
            }
            let names: std::collections::BTreeSet<&str> = rungs.iter().map(|rung| rung.name.as_str()).collect();
            prop_assert_eq!(names.len(), rungs.len());
        }
    }
}
