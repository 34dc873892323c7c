//! Time expressions (TTML2, 12.3.1): clock times and offsets, with the frame and tick rates of the document.

/// The highest rate that a document may state.
const HIGHEST_RATE: u32 = 1_000_000_000;
/// What a document means that states none (TTML2, 7.2.6).
const FRAME_RATE: f64 = 30.0;
/// A year: far beyond what is accepted, and far from overflow.
const LATEST_MS: f64 = 366.0 * 86_400_000.0;

/// Frames and ticks in a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    frames: f64,
    ticks: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self { frames: FRAME_RATE, ticks: 1.0 }
    }
}

impl Rates {
    /// From the attributes of the document; `None` when one of them is no rate.
    pub(super) fn read(frames: Option<&str>, multiplier: Option<&str>, ticks: Option<&str>) -> Option<Self> {
        let nominal = frames.map(rate);
        let factor = match multiplier {
            Some(text) => {
                let (numerator, denominator) = text.trim().split_once([' ', ':'])?;
                rate(numerator)? / rate(denominator)?
            }
            None => 1.0,
        };
        let frames = match nominal {
            Some(nominal) => nominal?,
            None => FRAME_RATE,
        } * factor;
        let ticks = match ticks {
            Some(text) => rate(text)?,
            None if nominal.is_some() => frames,
            None => 1.0,
        };
        Some(Self { frames, ticks })
    }

    /// Milliseconds; `None` for what is no time.
    pub(super) fn parse(&self, text: &str) -> Option<u64> {
        let text = text.trim();
        let ms = if text.contains(':') { self.clock(text)? } else { self.offset(text)? };
        // In range, so nothing is cut off.
        (0.0..=LATEST_MS).contains(&ms).then(|| ms.round() as u64)
    }

    fn clock(&self, text: &str) -> Option<f64> {
        let mut places = text.split(':');
        let hours = digits(places.next()?)?;
        let minutes = digits(places.next()?).filter(|minutes| *minutes < 60.0)?;
        let seconds = decimal(places.next()?).filter(|seconds| *seconds < 61.0)?;
        let frames = match places.next() {
            Some(frames) => decimal(frames)? / self.frames,
            None => 0.0,
        };
        places.next().is_none().then_some(((hours * 60.0 + minutes) * 60.0 + seconds + frames) * 1000.0)
    }

    fn offset(&self, text: &str) -> Option<f64> {
        let unit = text.find(|letter: char| letter.is_ascii_alphabetic())?;
        let count = decimal(&text[..unit])?;
        let ms = match &text[unit..] {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1000.0,
            "ms" => 1.0,
            "f" => 1000.0 / self.frames,
            "t" => 1000.0 / self.ticks,
            _ => return None,
        };
        Some(count * ms)
    }
}

fn rate(text: &str) -> Option<f64> {
    text.trim().parse::<u32>().ok().filter(|rate| (1..=HIGHEST_RATE).contains(rate)).map(f64::from)
}

fn digits(text: &str) -> Option<f64> {
    let are_digits = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits { text.parse().ok() } else { None }
}

fn decimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    digits(whole)?;
    digits(fraction)?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_time_is_read() {
        let film = Rates::read(Some("24"), Some("1000 1001"), Some("10000000")).unwrap();
        for (text, ms) in [
            ("00:00:01.500", 1500),
            ("01:00:00", 3_600_000),
            ("00:00:01:12", 1501),
            ("1.5s", 1500),
            ("250ms", 250),
            ("2m", 120_000),
            ("0.5h", 1_800_000),
            ("24f", 1001),
            ("15000000t", 1500),
        ] {
            assert_eq!(film.parse(text), Some(ms), "{text}");
        }
        for text in [
            "",
            ":",
            "1",
            "1.5",
            "s",
            "00:00",
            "00:60:00",
            "00:00:99",
            "00:00:01,5",
            "1e3s",
            "-1s",
            "NaNs",
            "infs",
            "1x",
            "00:00:00:00:00",
            "999999999999999h",
        ] {
            assert_eq!(film.parse(text), None, "{text}");
        }
        assert_eq!(Rates::default().parse("00:00:00:15"), Some(500));
        assert_eq!(Rates::read(Some("25"), None, None).unwrap().parse("50t"), Some(2000), "ticks are frames");
        for wrong in [
            (Some("0"), None, None),
            (Some("x"), None, None),
            (None, Some("1000"), None),
            (None, Some("1 0"), None),
            (None, None, Some("-1")),
        ] {
            assert!(Rates::read(wrong.0, wrong.1, wrong.2).is_none(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[0-9:.a-z-]{0,20}|\\PC{0,12}") {
            let _ = Rates::default().parse(&text);
        }
    }
}
